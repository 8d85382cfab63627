import type { Descriptor } from '#oci'

export function describePlatform(platform: NonNullable<Descriptor['platform']>): string {
  const { os, architecture, variant } = platform
  return [os, architecture, variant].filter((part) => part !== undefined).join('/')
}
