// Numbers and moments as people read them.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const figure = (value) => whole.format(value);

export const many = (value, what) => `${figure(value)} ${what}${value === 1 ? "" : "s"}`;

export function usd(value) {
  if (!value) return "$0";
  const digits = value < 0.01 ? 6 : value < 100 ? 4 : 2;
  return `$${value.toLocaleString("en-US", { maximumFractionDigits: digits })}`;
}

export function milliseconds(value) {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${Math.round(value)} ms`;
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}

export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const today = new Date().toDateString() === at.toDateString();
  return today ? clock(seconds) : `${at.toLocaleDateString("en-CA")} ${clock(seconds)}`;
}

const UNITS = [["d", 86400], ["h", 3600], ["min", 60]];

export function duration(seconds) {
  for (const [name, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
  }
  return `${seconds} s`;
}

export function amount(value, unit) {
  return unit === "cost_usd" ? usd(value) : figure(value);
}

export const unit = (name) => (name === "cost_usd" ? "USD" : name.replaceAll("_", " "));
