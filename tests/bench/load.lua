-- Calls one collection after the other; a script for wrk.
-- Arguments: PATH with "{id}", the number of collections, a body, "idempotent" or "plain", and the
-- average pause of a connection before a call, in milliseconds (exponentially distributed; 0: none).
local requests, current = {}, 0

function init(arguments)
  local path, count, body, kind, think = unpack(arguments)
  for number = 1, tonumber(count) do
    local target = path:gsub("{id}", "pay_col_" .. number)
    requests[number] = wrk.format("POST", target, nil, body)
  end
  math.randomseed(os.time())
  if kind == "idempotent" then
    local run, called, plain = math.random(1e9), 0, request
    request = function()
      called = called + 1
      local line = string.format("\r\nIdempotency-Key: %d-%d\r\n", run, called)
      return (plain():gsub("\r\n", line, 1))
    end
  end
  if tonumber(think) > 0 then
    delay = function()
      return math.floor(0.5 - think * math.log(1 - math.random()))
    end
  end
end

function request()
  current = current % #requests + 1
  return requests[current]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "us": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
