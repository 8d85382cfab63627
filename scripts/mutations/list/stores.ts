// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Stored content, its verification and its removal. */
export const stores: readonly MutatedFile[] = [
  {
    file: 'src/content/collect.ts',
    tests: ['src/content/collect.test.ts'],
    breaks: [
      ['await reachable.add(roots(), blob.digest)\n', '\n'],
      [
        'digest === hidden ? undefined : await childrenIn',
        'await childrenIn',
        'a hidden document cannot be read',
      ],
      ['[...roots, ...this.#unread.values()]', '[...roots]'],
      ['if (blob.links === 1) size', 'size'],
      [
        'return reachable.has(blob.digest) || (await isHeld(blob))',
        'return reachable.has(blob.digest)',
      ],
      ['return reachable.has(blob.digest) || (await isHeld(blob))', 'return isHeld(blob)'],
      ['if (reachable.has(blob.digest) || (await isHeld(blob))) continue', nothing],
      ['if (isStrakeError(error)) return undefined', nothing],
      ['size += blob.size', 'size += 1'],
      ['digests.push(blob.digest)', nothing],
      ['signal?.throwIfAborted()', nothing],
      [
        'if (!(await store.deleteUnless(blob.digest, isNeeded))) continue',
        'await store.deleteUnless(blob.digest, isNeeded)',
      ],
      ['!isDocument(next) || ', nothing, 'what is no document has no children that can be read'],
    ],
  },
  {
    file: 'src/content/range.ts',
    tests: ['src/content/range.test.ts'],
    breaks: [
      ['start === 0 && last === target.size', 'start === 0'],
      ['start === 0 && last === target.size', 'last === target.size'],
      ['Math.min(end, target.size)', 'end'],
      [' && start <= end', nothing],
      ['Math.min(start, last)', 'start'],
    ],
  },
  {
    file: 'src/snapshot/chain/lineage.ts',
    tests: ['src/snapshot/chain/lineage.test.ts', 'src/snapshot/lists.test.ts'],
    breaks: [
      ["if (lines.pop() !== '') return undefined", 'lines.pop()'],
      ['diffIds.length === lines.length && makes(diffIds, chainId)', 'makes(diffIds, chainId)'],
      [
        'diffIds.length === lines.length && makes(diffIds, chainId)',
        'diffIds.length === lines.length',
      ],
      ['chainIds(diffIds).at(-1) === chainId', 'chainIds(diffIds).includes(chainId)'],
      ['diffIds.slice(0, index + 1)', 'diffIds'],
    ],
  },
  {
    file: 'src/snapshot/erofs/layer-list.ts',
    tests: ['src/snapshot/erofs/layer-list.test.ts', 'src/snapshot/lists.test.ts'],
    breaks: [
      ['const isWhole = formatLayers(layers) === text', 'const isWhole = true'],
      ['return isWhole &&\n    makes(', 'return isWhole ||\n    makes('],
      ['${size} ${sparseSize}\\n', '${size} 0\\n'],
    ],
  },
  {
    file: 'src/snapshot/erofs/proved.ts',
    tests: ['src/snapshot/erofs/proved.test.ts'],
    breaks: [
      ['mark !== undefined && mark === statusMark(path)', 'mark !== undefined'],
      ['[mtime, ctime]', '[mtime]'],
      ['if (isMarked(path)) return yield* readFile(path)', nothing],
      ['yield* readProved(path, diffId)\n  markProved(path)', 'yield* readProved(path, diffId)'],
      ['yield* readProved(path, diffId)', 'yield* readFile(path)'],
      ['if (isStrakeError(error) || ', 'if ('],
    ],
  },
  {
    file: 'src/erofs/superblock.ts',
    breaks: [
      ['!== magic', '=== 0'],
      ["if (address < end) damaged('its devices overlap')", nothing],
      ['if (!usual)', 'if (false)'],
      ["if (source.length < superblockAt + superblockSize) damaged('it is too short')", nothing],
      [
        "if (table + count * deviceSlotSize > source.length) damaged('its device table is cut off')",
        nothing,
      ],
      [' &&\n    (features & ~incompatDeviceTable) === 0', nothing],
      ["tag.replace(/\\0.*$/s, '')", 'tag'],
      ['let end = blocks', 'let end = 0'],
    ],
  },
  {
    file: 'src/erofs/resolve.ts',
    tests: ['src/erofs', 'src/snapshot/agree.test.ts', 'src/snapshot/erofs/equal.test.ts'],
    breaks: [
      ["if (name === '' || name === '.') continue", "if (name === '') continue"],
      ["child.target.startsWith('/') ? root : at", 'at'],
      ['if (state.links === mostLinks)', 'if (state.links > mostLinks)'],
      [
        'if (links === mostLinks)',
        'if (links > mostLinks + 9)',
        'resolving the path counted the same links before',
      ],
      ['made.pathLength > longestPath', 'made.pathLength > longestPath + 99'],
      ['if (length > longestName)', 'if (length > longestName + 1)'],
      ['state.links = nested.links', nothing],
      ["target.startsWith('/') ? target : `${above}/${target}`", 'target'],
      [
        'if ((taken.mode & fileType.mask) !== fileType.symlink) throw new LayerFault(fault.invalid)',
        nothing,
        'resolving the path refuses such an entry before',
      ],
      [
        'length * 3 <= longestName',
        'length <= longestName',
        'both count the same bytes; one is faster',
      ],
    ],
  },
  {
    file: 'src/records/tables/leases.ts',
    tests: ['src/records'],
    breaks: [
      ['expiresAt <= now() || !isAlive(owner)', 'expiresAt <= now()'],
      ['expiresAt <= now() || !isAlive(owner)', '!isAlive(owner)'],

      ['find(({ isExact }) => !isExact)', 'find(() => true)'],
      ['holders.some(([lease])', 'holders.every(([lease])'],
      ['.filter(({ lease }) => !gone.has(String(lease)))', nothing],
      ['INSERT OR IGNORE INTO', 'INSERT INTO'],
      ['now() + lifetime, id)', 'now(), id)'],

      [
        "if (!isStrakeError(error, 'UNAVAILABLE')) throw error",
        'throw error',
        'only a full disk makes it fail, which no test beside it has',
      ],
      ['ORDER BY acquired_at, id', 'ORDER BY acquired_at DESC'],
    ],
  },
  {
    file: 'src/records/tables/cache.ts',
    tests: ['src/records'],
    breaks: [
      ['lastUsedAt < unusedSince) return true', 'lastUsedAt <= unusedSince) return true'],
      ['kept -= size', nothing],
      ['if (kept <= keepBytes) return false', 'if (kept < keepBytes) return false'],
      ['if (record !== undefined) used.set(key, now())', nothing],
      ['max(last_used_at, ?)', '?'],
      ["if (options === undefined) database.run('DELETE FROM cache_inputs')", nothing],
    ],
  },
  {
    file: 'src/records/tables/tags.ts',
    tests: ['src/records'],
    breaks: [
      ["database.run('UPDATE tags SET updated_at = ? WHERE name = ?', now(), name)", nothing],
      ['AND digest IS NOT NULL ', nothing],
      ['SELECT max(id)', 'SELECT min(id)'],
      ['WHERE at <= ?', 'WHERE at < ?'],
      ['ORDER BY id DESC', 'ORDER BY id'],
      ['[0]?.previous ?? undefined', '[0]?.target ?? undefined'],
      ['if (row === undefined) return false', nothing],
    ],
  },
  {
    file: 'src/records/fields.ts',
    tests: ['src/records'],
    breaks: [
      ['return isDigest(value) ? value', 'return true ? (value as Digest)'],
      ['report(error, row)', 'throw error'],
      [
        "typeof value !== 'object' || value === null || Array.isArray(value)",
        "typeof value !== 'object' || value === null",
      ],
    ],
  },
]
