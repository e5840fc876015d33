/** Beginnings of names that belong to this service, or would. */
const OURS = /^(?:SNAPSHOTS?|SYNC|STATUS|STORAGE|SWEEP|WEBHOOKS?|CORS|HISTORY|GOOGLE_(?:API|READS|APPLICATION))_/

/** Variables of others that look like ours: of Kubernetes and Docker for services, of npm, of SDKs; and of compose.yaml. */
const OTHERS =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT|PORT_\d+_(?:TCP|UDP)(?:_\w+)?)$|^(?:npm_|AWS_|GOOGLE_CLOUD_|GOOGLE_API_(?:USE_|PYTHON_)|STORAGE_EMULATOR_HOST$|STORAGE_PASSWORD$)/

/** Characters below which a name is too short to be told from a word: HOSTS, SORT and POST are nobody's mistake. */
const LEAST_CHARACTERS = 6

/**
 * One sentence for each variable that seems to be meant for this service and is none of its settings, such as CORS_ORIGIN. It
 * names the variable and the setting that comes nearest; values are not looked at.
 */
export function unknownSettings(variables: readonly string[], settings: readonly string[]): string[] {
  const known = new Set(settings)
  return variables.flatMap((name) => {
    if (known.has(name) || name.length < LEAST_CHARACTERS || OTHERS.test(name)) return []
    const meant = nearest(name.toUpperCase(), settings)
    if (meant !== undefined) return [`${name} is no setting and has no effect; did you mean ${meant}?`]
    return OURS.test(name) ? [`${name} is no setting and has no effect; docs/settings.md lists what there is.`] : []
  })
}

/** The setting that differs by one character, or by two where the name is long. */
function nearest(name: string, settings: readonly string[]): string | undefined {
  const most = name.length < 10 ? 1 : 2
  const near = settings
    .filter((setting) => setting.length >= LEAST_CHARACTERS && Math.abs(setting.length - name.length) <= most)
    .map((setting) => ({ setting, distance: editDistance(name, setting) }))
    .filter(({ distance }) => distance <= most)
  return near.sort((one, other) => one.distance - other.distance)[0]?.setting
}

/** How many characters must be added, dropped or replaced to make one text of the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [at, character] of [...one].entries()) {
    const next = [at + 1]
    for (let to = 0; to < other.length; to++) {
      const replaced = (row[to] ?? 0) + (character === other[to] ? 0 : 1)
      next.push(Math.min(replaced, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
