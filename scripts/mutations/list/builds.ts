// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of code

import type { MutatedFile } from '../mutation.ts'

const nothing = ''

/** Dockerfiles and the build cache. */
export const builds: readonly MutatedFile[] = [
  {
    file: 'src/dockerfile/expand/expand.ts',
    breaks: [
      ["this.#until('}', 'replacement')", "this.#until('}', 'word')"],
      ["this.#until('/', 'pattern')", "this.#until('/', 'word')"],
      ["if (this.#operand !== 'pattern') return text", 'return text'],
      ["if (this.#operand !== 'word' && next !== undefined) out += char", nothing],
      ["value === undefined || (emptyIsUnset && value === '')", 'value === undefined'],
      ["(emptyIsUnset && value === '')", "value === ''"],
      ["return missing ? '' : word", "return missing ? word : ''"],
      ['if (++this.#depth > maxDepth)', 'if (false)'],
      ['this.#depth--', nothing],
      ['this.#operand = outer', nothing],
      ['words?.keep(piece)', 'words?.split(piece)'],
      [
        "next === '\"' || next === '$' || next === this.#escape",
        "next === '\"' || next === this.#escape",
      ],
      ["const all = this.#cursor.peek() === '/'", 'const all = false'],
      ['const longest = word.startsWith(modifier)', 'const longest = false'],
      ['this.#steps += steps', nothing],
      ['if (length > maxLength)', 'if (false)'],
    ],
  },
  {
    file: 'src/dockerfile/expand/cursor.ts',
    breaks: [["(char > '\\x7f' && /[\\p{L}\\p{Nd}]/u.test(char))", 'false']],
  },
  {
    file: 'src/dockerfile/ignore/ignore.ts',
    breaks: [
      ['deciding !== undefined && !deciding.exception', 'deciding !== undefined'],
      ['this.#rules.findLastIndex((rule)', 'this.#rules.findIndex((rule)'],
      ['index > decided && ', nothing],
      [".replace(/^\\ufeff/, '')", nothing],
      ['if (text.length > maxSize)', 'if (false)'],
      [
        'names.length > directory.length',
        'names.length >= directory.length',
        'a rule that matches the directory itself was the last match',
      ],
      ["out.length > 0 && out.at(-1) !== '..'", 'out.length > 0'],
      ["if (line.startsWith('#'))", "if (line.trim().startsWith('#'))"],
      ['step = retryStep', nothing],
    ],
  },
  {
    file: 'src/build/files/content-hash.ts',
    tests: ['src/build/files'],
    breaks: [
      ['${digest}${describeAttributes(tree.attributes(content))}', '${digest}'],
      ['${content.deviceMajor}:${content.deviceMinor}', '${content.deviceMajor}'],
      ['${content.deviceMajor}:${content.deviceMinor}', '${content.deviceMinor}'],
      ["${isDirectory ? 'directory' : 'file'} ", nothing],
      [' ${items.length} ${name}\\0', ' ${items.length} \\0'],
      ['tree.hasOwners ? ` ${content.uid}:${content.gid}`', 'tree.hasOwners ? ` ${content.uid}`'],
      ['${content.mode.toString(8)}', nothing],
      ['${JSON.stringify(tree.readLink(content))}', nothing],
      ['hash.add(`${relative}\\0${describeLink(sameAs)}\\0`)', 'hash.add(`${relative}\\0`)'],
      ['`link ${JSON.stringify(relative)}`', "'link'"],
      ["Buffer.from(value).toString('hex')", "''"],
      ['[...attributes].map(([name, value]) => [name,', "[...attributes].map(([, value]) => ['',"],
      ['signal?.throwIfAborted()', nothing],
    ],
  },
  {
    file: 'src/build/files/status-hash.ts',
    tests: ['src/build/files'],
    breaks: [
      ['!origin.covers(content) || !isSettled(content, listedAt)', '!origin.covers(content)'],
      ['!origin.covers(content) || !isSettled(content, listedAt)', '!isSettled(content, listedAt)'],
      ['numbers[at + 3] = node.size', nothing],
      ['numbers[at + 6] = node.ctime\n', nothing],
      ['numbers[at + 8] = node.inodeLow', nothing],
      ['${origin.name}\\0', nothing],
    ],
  },
  {
    file: 'src/build/step/key.ts',
    breaks: [
      ['strake build ${builderVersion}\\0', nothing, 'no test knows a key of another version'],
      ['JSON.stringify([name, parts[name]])', 'JSON.stringify([parts[name]])'],
      ['JSON.stringify([name, parts[name]])', 'name + parts[name]'],
      ['Object.keys(parts).sort()', 'Object.keys(parts)'],
    ],
  },
  {
    file: 'src/build/layers/mode.ts',
    tests: ['src/build/layers/mode.test.ts'],
    breaks: [
      ['(isDirectory || (mode & 0o111) !== 0)', 'isDirectory'],
      ['(isDirectory || (mode & 0o111) !== 0)', '(mode & 0o111) !== 0'],
      ['Number.parseInt(text, 8) <= 0o7777', 'true'],
      ["if (name === 'u') covered |= 0o4000", nothing],
      ['if (classes === allClasses) covered |= 0o1000', nothing],
      ['& 0o777 : undefined', ': undefined'],
    ],
  },
  {
    file: 'src/build/layers/placement.ts',
    tests: ['src/build/layers/placement.test.ts', 'src/build/ops/copy-files.test.ts'],
    breaks: [
      [
        "if (++links > 255) throw this.#conflict('its links form a loop')",
        'if (++links > 1) throw this.#conflict(name)',
      ],
      ["if (target.startsWith('/')) place = ''", nothing],
      ["if (there === 'other') throw this.#conflict(`${shown(path)} is not a directory`)", nothing],
      [
        "if (there === 'other') throw conflict(path,",
        "if (there === 'directory') throw conflict(path,",
      ],
      ['selections.length > 0 && options.intoDirectory', 'options.intoDirectory'],
      ['if (file !== undefined) firsts.set(file, entry.path)', nothing],
    ],
  },
]
