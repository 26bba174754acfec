// Formats amounts in major units.

/** Format a decimal string with all its digits: "25.5" in usd is $25.50. */
export function formatMoney(decimal, currencyCode) {
  const options = { style: "currency", currency: currencyCode };
  const usual = new Intl.NumberFormat("en", options).resolvedOptions().maximumFractionDigits;
  const digits = Math.min(Math.max(usual, fractionDigits(decimal)), 100);
  return new Intl.NumberFormat("en", { ...options, maximumFractionDigits: digits }).format(decimal);
}

/** Return whether both are what `formatMoney` takes; a body in the journal may have anything. */
export function isMoney(decimal, currencyCode) {
  return /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(decimal) && /^[a-z]{3}$/i.test(currencyCode);
}

function fractionDigits(decimal) {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(decimal);
  return Math.max(fraction.replace(/0+$/, "").length - Number(exponent), 0);
}
