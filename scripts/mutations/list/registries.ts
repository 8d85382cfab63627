// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Names, and input from a network. */
export const registries: readonly MutatedFile[] = [
  {
    file: 'src/registry/client/download.ts',
    breaks: [
      ['if (surplus && span.end === target.size) throw tooLong(request.what, target)', nothing],
      ['yield surplus ? rest.subarray(0, left) : rest', 'yield rest'],
      ["abort.abort(new DOMException('the body stalled', 'TimeoutError'))", nothing],
      ['isWaiting = false', nothing],
      ['backoff.progressed()', nothing],
      ['Number(range[1]) === span.start &&', nothing],
      ['Number(range[2]) === span.end - 1 &&', nothing],
      [' || Number(range[3]) === target.size)', ' || true)'],
      ['if (response.status === 200) return span.start', 'if (response.status === 200) return 0'],
      ["encoding !== 'identity'", 'false'],
      ['length !== null && Number(length) !== expected', 'false'],
      ['whole && options.readerVerifies !== true ? verified(bytes, target) : bytes', 'bytes'],
      ['if (at >= span.end && at > span.start && !isStrakeError(error)) return', nothing],
    ],
  },
  {
    file: 'src/registry/http/retry.ts',
    breaks: [
      ['this.#failures >= (this.#options.attempts', 'this.#failures > (this.#options.attempts'],
      ['Math.min(60_000, 1000 * 2 ** this.#failures)', '1000 * 2 ** this.#failures'],
      ['1000 * 2 ** this.#failures', '1000 * this.#failures'],
      ['asked !== undefined && asked > longestWait', 'false'],
      ['random() * Math.min(planned / 4, 1000)', 'random() * planned'],
      ['Number(header) * 1000', 'Number(header)'],
      ['Math.max(0, date - now)', 'date - now'],
      ['425, 429, 500', '425, 500'],
      ['if (signal?.aborted === true) return signal.reason', nothing],
      ['this.#failures = 0\n  }', '}'],
      ['error instanceof AggregateError ? error.errors[0] : error.cause', 'error.cause'],
    ],
  },
  {
    file: 'src/registry/auth/challenge.ts',
    tests: ['src/registry/auth/challenge.test.ts'],
    breaks: [
      ['if (!current.params.has(name)) ', nothing],
      [".replace(/\\\\(.)/g, '$1')", nothing],
      ['scheme: word.toLowerCase()', 'scheme: word'],
      ['const name = word.toLowerCase()', 'const name = word'],
      ['value === undefined || current === undefined', 'value === undefined'],
    ],
  },
  {
    file: 'src/registry/endpoints.ts',
    tests: [
      'src/registry/endpoints.test.ts',
      'src/registry/server/path-tricks.test.ts',
      'src/registry/server/digest-tricks.test.ts',
    ],
    breaks: [
      ['if (values.length > 1)', 'if (false)'],
      ['decoded.length > 4096 || ', nothing],
      ['[^\\x21-\\x7e]|[%\\\\;]', '[^\\x21-\\x7e]'],
      ["if (reference.includes(':')) parseDigest(reference)", nothing],
      ['if (!sessionPattern.test(session))', 'if (false)'],
      ['!/^\\d{1,15}$/.test(n)', '!/^\\d+$/.test(n)'],
      ["algorithm === 'sha256' || algorithm === 'sha512'", "algorithm.startsWith('sha')"],
      ["params.getAll('tag').map(checkTag)", "params.getAll('tag')"],
    ],
  },
  {
    file: 'src/http/guard.ts',
    breaks: [
      ['if (origin !== null && !isOwnOrigin(origin, host)) return true', nothing],
      ["site === 'same-origin' || site === 'none'", "site !== 'cross-site'"],
      ['!isRead || ', nothing],
      ["headers.get('Sec-Fetch-Mode') !== 'navigate'", 'false'],
      ['host !== undefined && !isAllowed(host.name)', 'false'],
      ['header !== null && host === undefined', 'false'],
      ['!methods.includes(method)', 'false'],
      [' && portOf(from) === portOf(host)', nothing],
      ['from.name === host.name && ', nothing],
      ["=== 'https' ? '443' : '80'", "=== 'https' ? '80' : '80'"],
    ],
  },
  {
    file: 'src/oci/reference.ts',
    tests: ['src/oci/reference.test.ts', 'src/oci/image-name.test.ts'],
    breaks: [
      ["rest.indexOf(':', rest.lastIndexOf('/') + 1)", "rest.indexOf(':')"],
      ['{0,127}', '{0,128}'],
      ["registry === defaultRegistry && !path.includes('/')", 'registry === defaultRegistry'],
      ['if (imageIdPattern.test(text))', 'if (false)'],
      [
        'repository.length > limits.repositoryLength',
        'repository.length >= limits.repositoryLength',
      ],
      ['text.length <= limits.repositoryLength && ', nothing],
      ['imageIdPattern.test(short) ? formatReference(reference) : short', 'short'],
      ['(?:[._]|__|-+)', '(?:[._]|-+)'],
      ["text.indexOf('@')", "text.lastIndexOf('@')"],
      [" && !bare.includes('/')", nothing],
      ['splitRegistry(repository).registry === defaultRegistry', 'true'],
    ],
  },
]
