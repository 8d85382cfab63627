import { resolveCapabilities } from './capabilities.ts'
import type { SecurityOptions } from './config.ts'
import { type ResourceOptions, resourceConfig } from './resources.ts'
import { checkRlimits } from './rlimits.ts'
import type { Rlimit } from './spec.ts'
import { type SysctlOptions, sysctlConfig } from './sysctls.ts'

export interface CheckedOptions extends SysctlOptions {
  readonly security?: SecurityOptions | undefined
  readonly resources?: ResourceOptions | undefined
  readonly rlimits?: readonly Rlimit[] | undefined
}

/** Throws now what `createBundleConfig` would throw when the container starts. */
export function checkBundle(options: CheckedOptions): void {
  resolveCapabilities(options.security)
  resourceConfig(options.resources ?? {}, [])
  sysctlConfig(options)
  checkRlimits(options.rlimits)
}
