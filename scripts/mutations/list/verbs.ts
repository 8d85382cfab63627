// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Verbs on containers, volumes and the store, and their options. */
export const verbs: readonly MutatedFile[] = [
  {
    file: 'src/container/model/state.ts',
    tests: ['src/container/model/state.test.ts', 'src/container/verbs/damaged-state.test.ts'],
    breaks: [
      ['isExpected ? (read() ?? damagedState) : createdState', 'createdState'],
      ['pathExists(paths.state) || ', nothing],
      [' || pathExists(`${paths.directory}/config.json`)', nothing],
      ["statuses.some((status) => status === found['status']) &&", nothing],
      ['typeof found[name] === typeof one', 'true'],
    ],
  },
  {
    file: 'src/container/setup/mend.ts',
    tests: ['src/container/verbs/damaged-state.test.ts'],
    breaks: [
      ["await monitor.send({ kind: 'wake' })", nothing],
      ["if (readState(paths).status !== 'dead') return true", nothing],
      ['if (process === undefined) return false', nothing],
      ["status: 'running', process, startedAt", "status: 'exited', process, startedAt"],
    ],
  },
  {
    file: 'src/container/verbs/remove.ts',
    tests: ['src/container/verbs/damaged-state.test.ts', 'src/container/verbs/remove.test.ts'],
    breaks: [
      [
        "if (container.state.status === 'dead' && isStillRunning(context, id)) return false",
        nothing,
      ],
      ['if (!options.force) throw stillRuns(container)', nothing],
      ['isKilled = true', nothing],
      ["|| !isStrakeError(error, 'NOT_FOUND')", nothing],
    ],
  },
  {
    file: 'src/container/recovery/reconcile.ts',
    tests: ['src/container/verbs/damaged-state.test.ts', 'src/container/verbs/remove.test.ts'],
    breaks: [
      ['if (isDamaged && (await mendRunning(context, id))) return false', nothing],
      ["if (state.status === 'dead') return !isLocked(context, id)", nothing],
      ["isDamaged ? { ...createdState, status: 'running' } : found", 'found'],
      ['rmSync(paths.run, { recursive: true, force: true })', nothing],
      ['await releaseRoot(context, container)', nothing],
    ],
  },
  {
    file: 'src/container/setup/base-layer.ts',
    tests: ['src/container/setup/base-layer.test.ts'],
    breaks: [
      ['chmodSync(made, 0o755)', nothing],
      ['if (existsSync(layer)) return layer', nothing, 'the rename finds the layer too'],
      ["view.make('/.dockerenv', 'file', 0o755)", "view.make('/.dockerenv', 'file')"],
      [
        'rmSync(made, { recursive: true, force: true })',
        nothing,
        'only two processes that make the layer at once get there',
      ],
    ],
  },
  {
    file: 'src/container/setup/etc-files.ts',
    tests: ['src/container/setup/etc-files.test.ts'],
    breaks: [
      ['.filter((name) => !taken.has(`/etc/${name}`))', nothing],
      ['content[name], 0o644', 'content[name], 0o600'],
      ['settings.dns.length > 0 ? settings.dns : ', nothing],
      ['settings.dnsSearch.length > 0 ? settings.dnsSearch : ', nothing],
      ['settings.dnsOptions.length > 0 ? settings.dnsOptions : ', nothing],
      ["ip === 'host-gateway' ? (attachment.gateway ?? '127.0.0.1') : ip", 'ip'],
      ["if (settings.network === 'host')", 'if (false)'],
    ],
  },
  {
    file: 'src/container/setup/volumes.ts',
    tests: ['src/container/setup/volumes.test.ts'],
    breaks: [
      ['request?.noCopy !== true && ', nothing],
      ['if (request.createSource) makeDirectoriesWithMode', 'makeDirectoriesWithMode'],
      ['0o755', '0o700'],
      ["if (!isSystemError(error, 'EEXIST', 'ENOTDIR')) throw error", 'throw error'],
      ["isDirectory() ? 'directory' : 'file'", "isDirectory() ? 'file' : 'directory'"],
      ["if (mount.kind !== 'volume') continue", nothing],
    ],
  },
  {
    file: 'src/container/monitor/server.ts',
    tests: ['src/container/monitor/server.test.ts'],
    breaks: [
      ['rmSync(path, { force: true })', nothing],
      ['chmodSync(path, 0o600)', nothing],
      ['mode: 0o700', 'mode: 0o755'],
      ['throw new RangeError(`a client does not send ${frame.kind}`)', 'break'],
      ['client.connection.destroy()', nothing, 'leaving the loop closes the socket'],
      ["await connection.send({ kind: 'exit', code })", nothing],
    ],
  },
  {
    file: 'src/container/protocol/connection.ts',
    tests: ['src/container/monitor/server.test.ts', 'src/container/protocol'],
    breaks: [
      ['error instanceof RangeError || ', nothing],
      ["isSystemError(error, 'ENOENT', 'ECONNREFUSED')", "isSystemError(error, 'ENOENT')"],
      [
        "isSystemError(error, 'ENOENT', 'ECONNREFUSED')",
        "isSystemError(error, 'ECONNREFUSED')",
        'the path is looked for as well',
      ],
    ],
  },
  {
    file: 'src/container/protocol/frames.ts',
    breaks: [['const largestBody = 64 * 1024', 'const largestBody = 32 * 1024']],
  },
  {
    file: 'src/volume/fill.ts',
    tests: ['src/volume/fill.test.ts'],
    breaks: [
      ['using _lock = await lockDirectory(volume, signal)', nothing],
      ['if (treeCalls.listDirectory(data).length > 0) return', nothing],
      ['treeCalls.removeTree(place, Buffer.from(copying))', nothing],
      ['copyDirectoryStatus(`${volume}/${ready}`, `${volume}/_data`)', nothing],
      ['if (status !== undefined) treeCalls.setTime', 'if (false) treeCalls.setTime'],
      ['await removeTree(`${volume}/${ready}`)', nothing],
    ],
  },
  {
    file: 'src/engine/collect/collect-garbage.ts',
    tests: ['src/engine/collect', 'src/engine/store/facts.test.ts'],
    breaks: [
      ['if (!knowsEverything(engine)) return { blobs: [], chains: [], bytes: 0 }', nothing],
      [
        'if (isBusy(engine)) return { blobs: digests, chains: [], bytes: size }',
        nothing,
        'it is asked again before each file system',
      ],
      ['depth(b.chainId) - depth(a.chainId)', 'depth(a.chainId) - depth(b.chainId)'],
      ['.filter(({ chainId }) => !keep.has(chainId))', nothing],
      ['candidates === undefined || candidates.includes(chainId)', 'true'],
      ['records.leases.isHeld(digest) || ', nothing],
      [' || (await isServed(engine, digest))', nothing],
      [
        'const keep = withParents(wanted, all)',
        'const keep = wanted',
        'a file system that another stands on is not removed either',
      ],
      ['usedAt >= since - useResolution', 'usedAt >= since'],
    ],
  },
  {
    file: 'src/engine/collect/reachable.ts',
    tests: ['src/engine/collect', 'src/engine/store/prune.test.ts'],
    breaks: [
      ['if (cache) for (const digest of cachedDigests(engine)) chains.add(digest)', nothing],
      ['if (image.chainId !== null) chains.add(image.chainId)', nothing],
      ['for (const child of Object.values(value)) digestsIn(child, found)', nothing],
      ['...[...(cache ? cachedDigests(engine) : [])].map(asRoot),', nothing],
    ],
  },
  {
    file: 'src/engine/host/runtime-fixes.ts',
    tests: ['src/engine/host/runtime-fixes.test.ts'],
    breaks: [
      ['compare(version, own) >= 0', 'compare(version, own) > 0'],
      ['return compare(version, newest) >= 0', 'return true'],
      ['.slice(0, 2)', '.slice(0, 1)'],
      ['Number.MAX_SAFE_INTEGER', '0'],
      ["'1.4.0-rc.3'", "'1.4.0'"],
      ["'1.0.0-rc.7'", "'1.0.0'"],
      ['[-~.]?rc', '[-.]?rc'],
    ],
  },
  {
    file: 'src/engine/store/check-containers.ts',
    tests: ['src/engine/store/check.test.ts'],
    breaks: [
      ['if (!isDamaged(engine, record)) continue', nothing],
      ['if (!isRepair) {', 'if (true) {'],
      [".status === 'dead'", ".status === 'created'"],
    ],
  },
  {
    file: 'src/registry/client/look.ts',
    tests: ['src/registry/client/odd-answers.test.ts'],
    breaks: [
      ['if (!headRefusals.includes(head.status))', 'if (true)'],
      ['[400, 403, 405, 406, 501]', '[405]'],
      ['206, 416]', '206]'],
      ['isThere: answer.status !== 404', 'isThere: true'],
      ['isThere: head.status === 200', 'isThere: true'],
      ["answer.status === 200 ? answer.headers.get('Content-Length') : undefined", 'undefined'],
    ],
  },
  {
    file: 'src/cli/arguments/require-text.ts',
    breaks: [
      ['raw.slice(-argv.length)', 'raw'],
      ["if (isUtf8(Buffer.from(bytes, 'latin1'))) continue", nothing],
      ['.slice(0, -1)', nothing],
      ['if (!argv.some((argument) => argument.includes(replacement))) return', nothing],
    ],
  },
  {
    file: 'src/cli/arguments/values.ts',
    tests: ['src/cli/arguments/values.test.ts'],
    breaks: [
      ['k: 1024,', 'k: 1000,'],
      ['if (!Number.isSafeInteger(bytes)) throw', 'if (Number.isNaN(bytes)) throw'],
      ['if (!Number.isSafeInteger(value)) throw', 'if (Number.isNaN(value)) throw'],
      ['if (value !== undefined) result.set(key, value)', "result.set(key, value ?? '')"],
      ['word.slice(at + 1)', "word.split('=')[1]"],
      ['Math.floor(Number(match?.[1])', 'Math.ceil(Number(match?.[1])'],
    ],
  },
  {
    file: 'src/build/files/digests.ts',
    tests: ['src/build/files/digests.test.ts', 'src/build/files/changing-files.test.ts'],
    breaks: [
      ['isSettled(node, begin)) unsaved.set', 'true) unsaved.set'],
      ['stored?.origin.covers(node) && isSettled', 'isSettled'],
      ['stored?.origin.covers(node) ? index?.find(node) : undefined', 'index?.find(node)'],
      ['believed !== undefined && believed !== digest', 'believed !== digest'],
      ['indexSize <= 2 * (asked.size + unusedLimit)', 'indexSize <= asked.size'],
      ['ctime * 1000 + ctimeNanoseconds / 1e6', 'ctime * 1000'],
    ],
  },
  {
    file: 'src/build/files/tree.ts',
    tests: ['src/build/files/tree.test.ts', 'src/build/files/changing-files.test.ts'],
    breaks: [
      ['if (!isUnchanged(this.#node, seen)) throw changed(this.#tree, this.#node)', nothing],
      ['if (count === target.length) return count', 'return count', 'finish() sees the size'],
      [
        "if (!isSystemError(error, 'ESPIPE', 'EISDIR')) throw error",
        nothing,
        'needs a disk that fails',
      ],
    ],
  },
  {
    file: 'src/build/ops/owner.ts',
    tests: ['src/build/ops/copy-files.test.ts', 'src/build/ops/workdir.test.ts'],
    breaks: [
      ['{ uid: id, gid: id }', '{ uid: id, gid: 0 }'],
      ['gid: gidByNumber ?? byNumber.gid', 'gid: byNumber.gid'],
      ["if (user === '' || user === 'root') return root", "if (user === '') return root"],
      ["cause.message.slice(cause.message.indexOf(': ') + 2)", 'cause.message'],
    ],
  },
  {
    file: 'src/build/layers/mode.ts',
    tests: ['src/build/layers/mode.test.ts'],
    breaks: [
      ['Number.parseInt(text, 8) & 0o777', 'Number.parseInt(text, 8)'],
      ['<= 0o7777', '<= 0o777'],
      ["who === '' || who.includes('a')", "who === ''"],
      ["if (name === 'u') covered |= 0o4000", nothing],
      ['if (classes === allClasses) covered |= 0o1000', nothing],
      ['(isDirectory || (mode & 0o111) !== 0)', 'isDirectory'],
      ['(isDirectory || (mode & 0o111) !== 0)', '(mode & 0o111) !== 0'],
    ],
  },
  {
    file: 'src/engine/filter/prune-filter.ts',
    tests: ['src/engine/filter'],
    breaks: [
      ['at < instant.getTime()', 'at <= instant.getTime()'],
      ['!withoutLabels.some', 'withoutLabels.every'],
      ['wanted.every', 'wanted.some'],
    ],
  },
]
