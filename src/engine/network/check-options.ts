import { bridgeOption } from '#container'
import { StrakeError } from '#oci'
import { ipVersion } from '#platform'

/** Throws `INVALID` for an option that a bridge does not have, and for a value that it cannot have. */
export function checkNetworkOptions(options: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options)) {
    const check = checks[name]
    if (check === undefined) {
      throw new StrakeError('INVALID', `Cannot use the network option ${name}: it is unknown`, {
        remedy: `the options are ${Object.keys(checks).join(', ')}`,
      })
    }
    if (!check.passes(value)) {
      throw new StrakeError(
        'INVALID',
        `Cannot use the network option ${name}=${value}: expected ${check.expected}`,
      )
    }
  }
}

interface OptionCheck {
  readonly expected: string
  passes(value: string): boolean
}

const truth: OptionCheck = {
  expected: 'true or false',
  passes: (value) => value === 'true' || value === 'false',
}

const checks: Readonly<Record<string, OptionCheck>> = {
  [bridgeOption.name]: {
    expected: 'the name of an interface: 1 to 15 of a-z, A-Z, 0-9, - and _',
    passes: (value) => /^[a-zA-Z][a-zA-Z0-9_-]{0,14}$/.test(value) && !/^(lo|eth\d+)$/.test(value),
  },
  [bridgeOption.connects]: truth,
  [bridgeOption.hidesAddresses]: truth,
  [bridgeOption.hostIp]: {
    expected: 'an IPv4 address of this machine',
    passes: (value) => ipVersion(value) === 4,
  },
  [bridgeOption.mtu]: {
    expected: 'a number of bytes, 68 to 65535',
    passes: (value) => /^\d{1,5}$/.test(value) && Number(value) >= 68 && Number(value) <= 65535,
  },
}
