const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `1,234,567`. */
export function count(value: number): string {
  return WHOLE.format(value)
}

/** `1 row`, `2 rows`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `12.3 MB`, in powers of 1,000. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, value < 1000 ? 0 : Math.floor(Math.log10(value) / 3))
  const scaled = value / 1000 ** power
  return `${power === 0 || scaled >= 100 ? count(scaled) : scaled.toFixed(1)} ${units[power]}`
}

/** How long it took, in its two largest units: `0.4 s`, `23 s`, `1 m 05 s`, `2 h 03 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.floor(seconds)
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${two(minutes)} m`
  return minutes > 0 ? `${minutes} m ${two(whole % 60)} s` : `${whole} s`
}

/** Whole seconds from now on, and never less than one: what somebody waits for. */
export function secondsUntil(instant: string, now: number): number {
  return Math.max(1, Math.ceil((Date.parse(instant) - now) / 1000))
}

/** How long ago, or in how long: `just now`, `5 min ago`, `in 2 h`, `3 days ago`. */
export function ago(instant: string, now: number): string {
  const seconds = Math.round((now - Date.parse(instant)) / 1000)
  const [value, unit] = largest(Math.abs(seconds))
  if (value === 0) return 'just now'
  return seconds > 0 ? `${value} ${unit} ago` : `in ${value} ${unit}`
}

function largest(seconds: number): [value: number, unit: string] {
  if (seconds < 5) return [0, 's']
  if (seconds < 60) return [seconds, 's']
  if (seconds < 3600) return [Math.floor(seconds / 60), 'min']
  if (seconds < 86_400) return [Math.floor(seconds / 3600), 'h']
  const days = Math.floor(seconds / 86_400)
  return [days, days === 1 ? 'day' : 'days']
}

const two = (value: number) => String(value).padStart(2, '0')

/** The moment in the reader's own zone, to the second. */
export function moment(instant: string): string {
  const at = new Date(instant)
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
