// Figures in words, as pages/wording.py says them on the server.

const zone = document.documentElement.dataset.zone || "UTC";
const numbers = new Intl.NumberFormat("en-US");
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const SIZES = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A whole number with its thousands apart; null is unlimited. */
export function numberText(number) {
  return number === null ? "unlimited" : numbers.format(number);
}

/** So many bytes in the unit that suits them: `500 MB`, `1.2 GB`. */
export function sizeText(size) {
  if (size === null) return "unlimited";
  for (const [unit, name] of SIZES) {
    if (size >= unit) {
      const tenths = Math.floor((size * 10) / unit);
      const whole = numbers.format(Math.floor(tenths / 10));
      return tenths % 10 === 0 ? `${whole} ${name}` : `${whole}.${tenths % 10} ${name}`;
    }
  }
  return `${size} ${size === 1 ? "byte" : "bytes"}`;
}

/** An amount of a meter, by what it counts. */
export function amountText(amount, one) {
  return one === "byte" ? sizeText(amount) : numberText(amount);
}

/** An amount with the meter's name: `2 AI credits`. */
export function countedText(amount, meter) {
  if (meter.one === "byte") return sizeText(amount);
  return `${numberText(amount)} ${amount === 1 ? meter.one : meter.many}`;
}

/** An instant by the account's clock: `Mon 2 Mar, 00:00`. */
export function instantWords(text) {
  const parts = Object.fromEntries(clock.formatToParts(new Date(text)).map((part) => [part.type, part.value]));
  const month = parts.month.slice(0, 3);
  return `${parts.weekday} ${parts.day} ${month}, ${parts.hour}:${parts.minute}`;
}

/** So long, in the two units that matter: `5 h 12 min`, `3 days`, `42 s`. */
export function durationWords(ms) {
  if (ms <= 0) return "now";
  if (ms < MINUTE) return `${Math.ceil(ms / SECOND)} s`;
  if (ms < HOUR) {
    const seconds = Math.ceil(ms / SECOND);
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  const minutes = Math.ceil(ms / MINUTE);
  if (ms < DAY) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.ceil(ms / HOUR);
  const days = Math.floor(hours / 24);
  return days < 3 ? `${days} d ${hours % 24} h` : `${days} days`;
}
