-- Mixed traffic, for wrk: valid, invalid and repeated calls.
-- Argument: how many collections there are.
local PLANNED = "planned by the soak"
-- What a real Medusa makes of some refusals; behind a bug there is a line on stderr, too.
local RECORDED = '"code":"unknown_error"'
local KEY = "pk_demo"
local SYSTEM, STRIPE = '{"provider_id": "pp_system_default"}', '{"provider_id": "pp_stripe_stripe"}'
local PROVIDERS, COLLECTIONS = "/store/payment-providers", "/store/payment-collections"
local collections, run, called = 0, 0, 0
local last = ""
local threads = {}
statuses, unplanned = {}, {}

local function call(method, path, body, more)
  local headers = {["Content-Type"] = "application/json", ["x-publishable-api-key"] = KEY}
  for name, value in pairs(more or {}) do
    headers[name] = value
  end
  return wrk.format(method, path, headers, body)
end

local function sessions()
  return COLLECTIONS .. "/pay_col_" .. math.random(collections) .. "/payment-sessions"
end

local function initialize(body, more)
  return call("POST", sessions(), body or SYSTEM, more)
end

local function fresh_key()
  called = called + 1
  last = initialize(STRIPE, {["Idempotency-Key"] = run .. "-" .. called})
  return last
end

-- Each with how many of a hundred it makes.
local mix = {
  {30, function() return initialize() end},
  {10, function() return initialize(STRIPE) end},
  {10, function() return call("GET", PROVIDERS .. "?region_id=reg_demo") end},
  {10, function()
    return call("POST", COLLECTIONS, '{"cart_id": "cart_' .. math.random(collections) .. '"}')
  end},
  {10, fresh_key},
  {8, function() return last ~= "" and last or fresh_key() end},
  {1, function() return initialize(SYSTEM, {["Idempotency-Key"] = run .. "-" .. called}) end},
  {1, function() return initialize(SYSTEM, {["Idempotency-Key"] = "no\tkey"}) end},
  {3, function() return initialize("{}") end},
  {2, function() return initialize('{"provider_id": 7, "data": []}') end},
  {1, function() return initialize('{"provider_id": "pp_nobody_knows"}') end},
  {2, function() return initialize('{"provider_id": ') end},
  {1, function() return initialize(string.rep("[", 1000)) end},
  {1, function() return initialize(SYSTEM, {["Content-Type"] = "text/plain"}) end},
  {2, function() return initialize(SYSTEM, {["x-publishable-api-key"] = "pk_wrong"}) end},
  {1, function() return call("POST", COLLECTIONS .. "/pay_col_none/payment-sessions", SYSTEM) end},
  {1, function() return call("POST", COLLECTIONS, '{"cart_id": "cart_none"}') end},
  {1, function() return call("GET", PROVIDERS) end},
  {1, function() return call("DELETE", COLLECTIONS) end},
  {1, function() return call("GET", "/store/../%2e%2e/nowhere//") end},
  {1, function() return initialize(SYSTEM, {Prefer = "code=409"}) end},
  {1, function() return call("GET", PROVIDERS .. "?region_id=reg_demo", nil, {Prefer = "dynamic=true"}) end},
  {1, function() return "NONSENSE\r\n\r\n" end},
}
local by_number = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  collections, run = tonumber(arguments[1]), os.time()
  math.randomseed(run)
  for _, each in ipairs(mix) do
    for _ = 1, each[1] do
      table.insert(by_number, each[2])
    end
  end
end

function request()
  return by_number[math.random(#by_number)]()
end

function response(status, headers, body)
  statuses[status] = (statuses[status] or 0) + 1
  if status >= 500 and not (body:find(PLANNED, 1, true) or body:find(RECORDED, 1, true)) then
    unplanned[body] = (unplanned[body] or 0) + 1
  end
end

local function object(counts)
  local parts = {}
  for name, count in pairs(counts) do
    local plain = tostring(name):gsub('[^%w _.,:{}-]', "'")
    table.insert(parts, string.format('"%s": %d', plain, count))
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function done(summary, latency)
  local errors, thread = summary.errors, threads[1]
  io.write(string.format(
    '{"requests": %d, "us": %d, "broken": %d, "statuses": %s, "unplanned": %s}\n',
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.timeout,
    object(thread:get("statuses")), object(thread:get("unplanned"))
  ))
end
