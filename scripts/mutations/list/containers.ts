// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Rights, state and logs of containers. */
export const containers: readonly MutatedFile[] = [
  {
    file: 'src/runtime/bundle/seccomp/seccomp.ts',
    tests: ['src/runtime/bundle', 'src/runtime/socket-families.test.ts'],
    breaks: [
      ['[36, 0xfffffffe]', '[36, 0xfffffffc]'],
      ['[41, 0xffffffff]', '[40, 0xfffffffe]'],
      ["architecture === 's390x' ? 1 : 0", '0'],
      ["if (!capabilities.includes('CAP_SYS_ADMIN')) rules.push", 'rules.push'],
      ['errnoRet: notImplemented', 'errnoRet: operationNotPermitted'],
      ['if (capabilities.includes(capability)) rules.push', 'rules.push'],
      ["defaultAction: 'SCMP_ACT_ERRNO'", "defaultAction: 'SCMP_ACT_ALLOW'"],
      ['0x7e020000', '0x6e020000'],
      ['if (ofMachine !== undefined) rules.push(allow(ofMachine))', nothing],
      ['allow(tracing),', nothing],
    ],
  },
  {
    file: 'src/runtime/bundle/seccomp/seccomp-conditions.ts',
    breaks: [
      [
        'minor >= wantedMinor : major > wantedMajor',
        'minor >= wantedMinor : major >= wantedMajor',
        'the numbers differ on that side',
      ],
      [
        'major === wantedMajor ? minor >= wantedMinor : major > wantedMajor',
        'minor >= wantedMinor',
      ],
      ['minor >= wantedMinor', 'minor > wantedMinor'],
      ['caps.every((name)', 'caps.some((name)'],
      ['caps.some((name)', 'caps.every((name)'],
      ['arches.includes(facts.architecture) ||\n', '\n'],
      ['...(entry.subArchitectures ?? [])', nothing],
      [' && !isExcluded(excludes, known)', nothing],
    ],
  },
  {
    file: 'src/runtime/bundle/seccomp/seccomp-profile.ts',
    breaks: [
      ['if (index < 0 || index > 5)', 'if (index < 0)'],
      ["if (name && names?.length) throw fields.fail('a rule has both name and names')", nothing],
      ['if (value !== undefined && value > largestErrno)', 'if (false)'],
      ['if (unknown !== undefined)', 'if (false)'],
      ["if (listener) throw fields.fail('listenerPath is not supported')", nothing],
    ],
  },
  {
    file: 'src/runtime/bundle/capabilities.ts',
    breaks: [
      ['wanted.has(name) && (bounding >> BigInt(bit)) & 1n', 'wanted.has(name)'],
      ["drop.includes('ALL') ? [] : defaults", 'defaults'],
      ["if (add.includes('ALL')) wanted = new Set(names)", nothing],
      ['for (const name of drop) wanted.delete(name)', nothing],
      ['text.toUpperCase()', 'text'],
    ],
  },
  {
    file: 'src/container/services/health.ts',
    tests: ['src/container/services/health.test.ts'],
    breaks: [
      ['FailingStreak >= options.retries', 'FailingStreak > options.retries'],
      ["options.starting && state.Status === 'starting'", 'options.starting'],
      ['.slice(-mostProbes)', '.slice(0, mostProbes)'],
      ["rest <= 0 || state.Status !== 'starting'", 'rest <= 0'],
      ["rest <= 0 || state.Status !== 'starting'", "state.Status !== 'starting'"],
      ['Math.min(timing.startInterval, Math.max(rest, shortest))', 'timing.startInterval'],
      ['Math.max(rest, shortest)', 'rest'],
      ['Retries > 0 ? Retries : 3', 'Retries'],
      ["{ Status: 'healthy', FailingStreak: 0, Log }", "{ ...state, Status: 'healthy', Log }"],
      [
        'Math.max(StartPeriod / nanosecondsPerMillisecond, 0)',
        'StartPeriod / nanosecondsPerMillisecond',
      ],
      ['(value || fallback * second)', '(value ?? fallback * second)'],
    ],
  },
  {
    file: 'src/container/monitor/restart.ts',
    tests: ['src/container/monitor/restart.test.ts'],
    breaks: [
      ['if (ending.stopRequested) return false', nothing],
      ['ending.code !== 0 &&', nothing],
      ['ending.restarts < policy', 'ending.restarts <= policy'],
      ['policy.maximumRetryCount === 0 || ', nothing],
      ['ran >= settled', 'ran > settled'],
      ['Math.min(previous * 2, longestDelay)', 'previous * 2'],
    ],
  },
  {
    file: 'src/container/logs/log-lines.ts',
    tests: ['src/container/logs/log-lines.test.ts'],
    breaks: [
      ['else unfinished.set(stream, line)', nothing],
      ["if (typeof log !== 'string' || typeof time !== 'string') return undefined", nothing],
      ["stream === 'stderr' ? 'stderr' : 'stdout'", "'stdout'"],
      ['last - count + 1', 'last - count'],
      ['startsLine: before === undefined', 'startsLine: true'],
    ],
  },
  {
    file: 'src/platform/net/ipv4.ts',
    tests: ['src/platform/net/ipv4.test.ts'],
    breaks: [
      [' || Number(part) > 255', nothing],
      ['(0|[1-9]\\d{0,2})', '\\d{1,3}'],
      [' || (base & ~mask(prefix)) !== 0', nothing],
      ['prefix > 32 || ', nothing],
      ['a.prefix <= b.prefix', 'a.prefix >= b.prefix'],
      ['prefix === 0 ? 0 : ', nothing],
      [".padStart(2, '0')", nothing],
      ['if (parts.length !== 4) return undefined', nothing],
    ],
  },
  {
    file: 'src/network/resolv-conf.ts',
    tests: ['src/network/resolv-conf.test.ts'],
    breaks: [
      [".replace(/[#;].*$/, '')", nothing],
      [" && !server.startsWith('127.')", nothing],
      [" && server !== '0.0.0.0'", nothing],
      ["keyword === 'search' || keyword === 'domain'", "keyword === 'search'"],
      ['{ ...behind, nameservers: upstream }', '{ ...host, nameservers: upstream }'],
      ["'ENOENT', 'ENOTDIR', 'EACCES'", "'ENOTDIR', 'EACCES'"],
      ['search = words', 'search = [...search, ...words]'],
    ],
  },
  {
    file: 'src/network/bridge/subnet.ts',
    tests: ['src/network/bridge/subnet.test.ts'],
    breaks: [
      ['routes.filter((route) => route.prefix > 0)', 'routes'],
      ['(route) => route.prefix > 0 && overlaps', '(route) => overlaps'],
      ['subnet.prefix > 29', 'subnet.prefix > 30'],
      ['subnet.prefix < 8', 'subnet.prefix < 7'],
      [' &&\n      !servers.some((server) => contains(subnet, server))', nothing],
    ],
  },
]
