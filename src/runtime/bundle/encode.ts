import type { ProcessConfig, RuntimeConfig } from './spec.ts'

/** The specification's limits are 64 bits without a sign, and this one means that there is none. */
const noLimit = '18446744073709551615'

/**
 * The JSON that runtimes read. A limit of -1 is written as the largest number
 * of 64 bits, which no JavaScript number holds. Texts are never touched: in
 * one, the quotes of such a member would have backslashes before them.
 */
export function encodeConfig(config: RuntimeConfig | ProcessConfig): string {
  return JSON.stringify(config).replaceAll(/"(soft|hard)":-1(?=[,}])/g, `"$1":${noLimit}`)
}

/** Reads what `encodeConfig` wrote. */
export function decodeConfig(text: string): RuntimeConfig {
  return JSON.parse(text.replaceAll(new RegExp(`"(soft|hard)":${noLimit}`, 'g'), '"$1":-1'))
}
