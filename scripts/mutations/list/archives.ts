// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Archives, layers and images. */
export const archives: readonly MutatedFile[] = [
  {
    file: 'src/layer/overlay.ts',
    tests: ['src/layer/overlay.test.ts', 'src/layer/diff.test.ts'],
    breaks: [
      ['?.[0] === 0x79', '!== undefined'],
      ['&&\n    status.deviceMinor === 0', nothing],
      ['status.deviceMajor === 0 &&', nothing],
      ["'trusted.overlay.', 'user.overlay.'", "'trusted.overlay.'"],
      ["what !== 'metacopy' && what !== 'redirect'", "what !== 'metacopy'"],
      ["what !== 'metacopy' && what !== 'redirect'", "what !== 'redirect'"],
    ],
  },
  {
    file: 'src/layer/compare.ts',
    tests: ['src/layer/compare.test.ts', 'src/layer/diff.test.ts'],
    breaks: [
      ['if (left.size !== right.size) return false', nothing],
      ['Buffer.compare(value, other) !== 0', 'false'],
      ['status.size !== lower.size || ', nothing],
      ['left.seconds === right.seconds && left.nanoseconds', 'left.nanoseconds'],
      ['left.mode === right.mode && ', nothing],
      [' && left.gid === right.gid', nothing],
      ['leftBuffer.compare(rightBuffer, 0, count, 0, count) !== 0', 'false'],
      ['position += count', 'position += leftBuffer.length + count'],
    ],
  },
  {
    file: 'src/layer/changes.ts',
    tests: ['src/layer/changes.test.ts', 'src/engine/diff.test.ts'],
    breaks: [
      [
        "if (before !== undefined) yield { path, kind: 'deleted' }",
        "yield { path, kind: 'deleted' }",
      ],
      ['isOpaque(upper) && lower !== undefined ? namesIn(lower) : []', '[]'],
      ['.filter((name) => !written.has(name))', nothing],
      ["'mtime', 'mtimeNanoseconds'] as const", "'mtime'] as const"],
      ['isSaid = true', nothing],
      ['names.sort(compareNames)', 'names'],
    ],
  },
  {
    file: 'src/tar/whiteout.ts',
    tests: ['src/tar', 'src/layer/whiteout.test.ts', 'src/snapshot/agree.test.ts'],
    breaks: [
      ['deviceMajor === 0 && deviceMinor === 0', 'deviceMajor === 0'],
      ['deviceMajor === 0 && deviceMinor === 0', 'deviceMinor === 0'],
      ["type === 'character' && ", nothing],
      ["name === '' || name === '.' || name === '..'", "name === ''"],
      ["name === '' || name === '.' || name === '..'", "name === '.' || name === '..'"],
      [
        "if (components.some((component) => component.startsWith(whiteoutPrefix))) return 'invalid'",
        nothing,
      ],
      ['if (base === opaqueName)', 'if (base.startsWith(reservedPrefix))'],
      ["if (base.startsWith(reservedPrefix)) return { kind: 'ignored' }", nothing],
    ],
  },
  {
    file: 'src/tar/path.ts',
    breaks: [
      ['else if (parts.pop() === undefined) return undefined', 'else parts.pop()'],
      ['length === 0 || (dots && length === 1)', 'dots && length === 1'],
      ['length === 0 || (dots && length === 1)', 'length === 0'],
      [
        'dots && length === 2 && path.charCodeAt(start + 1) === 0x2e',
        'dots && length === 2',
        'the long way round gives the same answer',
      ],
      ['return parts.join', "return '/' + parts.join"],
    ],
  },
  {
    file: 'src/tar/read/pax.ts',
    tests: ['src/tar'],
    breaks: [
      ['if (empty) delete header[key]\n      else header[key] = number', 'header[key] = number'],
      ['if (empty) delete header[key]\n      else header[key] = text', 'header[key] = text'],
      ['if (empty) delete header.mtime\n      else ', nothing],
      ['if (!header.xattrs.has(name)) ', nothing],
      ['equals <= space + 1', 'equals <= space'],
      [' && bytes[end - 1] === 0x0a', nothing],
      ['end <= bytes.length', 'true', 'behind the end there is no line feed either'],
      ['if (nul !== -1 && nul < end)', 'if (nul === -1)'],
      ['if ((sparse.map.length % 2 === 1) !== odd)', 'if (false)'],
      ["if (map.length % 2 === 1) refuse('its sparse map has half an extent')", nothing],
      ['comma === -1 || comma > value.end', 'comma === -1'],
      ["name === '' || name.includes('\\0')", "name === ''"],
      ["name === '' || name.includes('\\0')", "name.includes('\\0')"],
      [
        "if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) refuse('it has a malformed attribute value')",
        nothing,
      ],
      ['sparse.map.length = 0', nothing],
    ],
  },
  {
    file: 'src/stream/decompress/detect.ts',
    breaks: [
      ['[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]', '[0xfd, 0x37, 0x7a, 0x58, 0x5a]'],
      ['& 0xf0) === 0x50', '& 0xff) === 0x50'],
      [' && (third | high) !== 0', nothing],
      ["['bzip2', [0x42, 0x5a, 0x68]]", "['bzip2', [0x42, 0x5a]]"],
    ],
  },
  {
    file: 'src/stream/verify.ts',
    breaks: [
      ['if (size > expected.size) throw wrongSize(expected, `at least ${size} bytes`)', nothing],
      ['if (size !== expected.size) throw wrongSize(expected, `${size} bytes`)', nothing],
      ['actual !== expected.digest', 'false'],
    ],
  },
  {
    file: 'src/image/archive/load.ts',
    breaks: [
      ["archive.has('index.json') && archive.has('oci-layout')", "archive.has('index.json')"],
      ["archive.has('index.json') && archive.has('oci-layout')", "archive.has('oci-layout')"],
      ["archive.has('repositories') || archive.has('etc')", "archive.has('repositories')"],
    ],
  },
  {
    file: 'src/image/archive/load-docker.ts',
    breaks: [
      ['entry.layers.length !== diffIds.length || ', nothing],
      [' || diffIds.length > limits.layers', nothing],
      ["compression !== 'gzip' && compression !== 'zstd'", 'false'],
      [
        "compression === 'gzip' ? mediaType.ociLayerGzip : mediaType.ociLayerZstd",
        'mediaType.ociLayerGzip',
      ],
      ["if (compression === 'none')", "if (compression !== 'gzip')"],
      [' || !isTexts(tags)', nothing],
    ],
  },
  {
    file: 'src/image/archive/load-layout.ts',
    tests: ['src/image/archive', 'src/engine/archive/load.test.ts'],
    breaks: [
      [' && image.layers.length === entry.layers.length', nothing],
      ['.filter((name) => !match.names.includes(name))', nothing],
      [
        '&& archive.sizeOf(name) === size',
        nothing,
        'copying reads from an archive, and never asks what it has',
      ],
      ['if (size !== target.size)', 'if (false)'],
      ['isWhole && !readerVerifies ? verified(bytes, target) : bytes', 'bytes'],
      ['listed.get(found.root.digest) ?? found', 'found'],
      ['if (images.length === 0)', 'if (false)'],
      [
        "each.parsed.kind === 'manifest' && isImage(each.parsed.manifest, each.descriptor)",
        "each.parsed.kind === 'manifest'",
      ],
      ['(/[/:]/.test(short) ? short : undefined)', '(short || undefined)'],
      [
        'reference.digest === digest ? digestName(reference, digest) : toImageName(reference, text)',
        'digestName(reference, digest)',
      ],
    ],
  },
]
