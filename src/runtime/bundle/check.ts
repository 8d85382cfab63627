import { checkApparmor } from './apparmor.ts'
import { resolveCapabilities } from './capabilities.ts'
import { parseRule } from './devices.ts'
import { type ResourceOptions, resourceConfig } from './limits/resources.ts'
import type { SecurityOptions } from './process-config.ts'
import { checkRlimits } from './rlimits.ts'
import type { Rlimit } from './spec.ts'
import { type SysctlOptions, sysctlConfig } from './sysctls.ts'

export interface CheckedOptions extends SysctlOptions {
  readonly security?: SecurityOptions | undefined
  readonly resources?: ResourceOptions | undefined
  readonly rlimits?: readonly Rlimit[] | undefined
}

/** Throws the errors that `createBundleConfig` would throw at the start of the container. */
export function checkBundle(options: CheckedOptions): void {
  resolveCapabilities(options.security)
  checkApparmor(options.security?.apparmor)
  for (const rule of options.security?.rules ?? []) parseRule(rule)
  resourceConfig(options.resources ?? {}, [])
  sysctlConfig(options)
  checkRlimits(options.rlimits)
}
