import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { ROOT } from '../support/service.ts'

/** What the tests look at of a service; that it is of this shape the schema says. */
export interface ComposeService {
  readonly image: string
  readonly build?: string
  readonly environment: Readonly<Record<string, string | number | null>>
  readonly env_file?: unknown
  readonly healthcheck: { readonly test: readonly string[] }
  readonly volumes: readonly (string | { readonly source: string; readonly target: string })[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly profiles?: readonly string[]
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly tmpfs?: readonly string[]
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** compose.yaml as YAML 1.2 reads it, with the merge keys that Compose knows. */
export async function readComposeFile(): Promise<ComposeFile> {
  return parse(await readFile(`${ROOT}compose.yaml`, 'utf8'), { merge: true })
}

/** What the container is given, as Compose makes it of the shell's variables and `.env`: what is unset there stays unset. */
export function environmentOf(service: ComposeService, given: Record<string, string>): Record<string, string> {
  const entries = Object.entries(service.environment).map(([name, value]): [string, string | undefined] => [
    name,
    value === null ? given[name] : interpolated(String(value), given),
  ])
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** `${NAME:?…}`, `${NAME:-…}` and `${NAME:+…}`, the three forms that compose.yaml uses; throws over any other. */
function interpolated(text: string, given: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+):([-+?])([^}]*)\}|\$/g, (found, name: string, form: string, other: string) => {
    const value = given[name] ?? ''
    if (form === '-') return value || other
    if (form === '+') return value && other
    if (form === '?' && value !== '') return value
    throw new Error(`${found}: ${other}`)
  })
}
