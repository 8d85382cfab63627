import { readPlainFile, writeSmallFile } from '#platform'
import type { ProcessConfig, RuntimeConfig } from './spec.ts'

/** Limits in the specification are unsigned 64-bit numbers; this one means no limit. */
const noLimit = '18446744073709551615'

/**
 * Returns the JSON for a runtime. Writes a limit of -1 as the largest 64-bit number, which a
 * JavaScript number cannot hold. Does not change texts, because the quotes of such a member inside
 * a text have backslashes before them.
 */
export function encodeConfig(config: RuntimeConfig | ProcessConfig): string {
  return JSON.stringify(config).replaceAll(/"(soft|hard)":-1(?=[,}])/g, `"$1":${noLimit}`)
}

/** Reads the JSON of `encodeConfig`. */
export function decodeConfig(text: string): RuntimeConfig {
  return JSON.parse(text.replaceAll(new RegExp(`"(soft|hard)":${noLimit}`, 'g'), '"$1":-1'))
}

/** Writes `config.json` into a bundle directory that only this program may use. */
export function writeBundle(directory: string, config: RuntimeConfig): void {
  writeSmallFile(`${directory}/config.json`, encodeConfig(config), 0o600)
}

/** Reads the `config.json` that `writeBundle` has written. */
export function readBundle(directory: string): RuntimeConfig {
  return decodeConfig(readPlainFile(`${directory}/config.json`) ?? '')
}
