import { describe, expect, test } from 'bun:test'
import { LanguageServer } from './server.ts'

const uri = 'file:///p/Dockerfile'
const textDocument = { uri }

interface Sent {
  readonly id?: number | null
  readonly method?: string
  readonly result?: never
  readonly error?: { readonly code: number; readonly message: string }
  readonly params?: { readonly uri: string; readonly diagnostics: readonly { code: string }[] }
}

class Client {
  readonly sent: Sent[] = []
  readonly server: LanguageServer
  #id = 0

  constructor(text?: string) {
    this.server = new LanguageServer({
      version: '1',
      isReference: (name) => name !== '',
      send: (message) => this.sent.push(message),
    })
    if (text === undefined) return
    this.request('initialize', {})
    this.notify('textDocument/didOpen', { textDocument: { uri, text } })
  }

  send(value: unknown): void {
    this.server.handle([{ kind: 'message', value }])
  }

  notify(method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', method, params })
  }

  /** Returns the result, or throws the message of the error. */
  request(method: string, params: unknown): unknown {
    const id = ++this.#id
    this.send({ jsonrpc: '2.0', id, method, params })
    const answer = this.sent.find((each) => each.id === id)
    if (answer?.error !== undefined) throw new Error(`${answer.error.code} ${answer.error.message}`)
    return answer?.result
  }

  /** A request about the place of `|` in `marked`, which is one line of the open file. */
  at(method: string, line: number, character: number, more: object = {}): unknown {
    return this.request(method, { textDocument, position: { line, character }, ...more })
  }

  get rules(): readonly string[] {
    const last = this.sent.findLast(({ method }) => method === 'textDocument/publishDiagnostics')
    return last?.params?.diagnostics.map(({ code }) => code) ?? []
  }

  get codes(): (number | undefined)[] {
    return this.sent.map(({ error }) => error?.code)
  }
}

const range = (line: number, from: number, to: number): object => ({
  start: { line, character: from },
  end: { line, character: to },
})

describe('LanguageServer', () => {
  test('LanguageServer publishes diagnostics of open, changed and closed files', () => {
    const client = new Client('FROM a as b\nRNU x\n')
    expect(client.rules).toEqual(['FromAsCasing', 'unknown-instruction'])
    client.notify('textDocument/didChange', {
      textDocument,
      contentChanges: [
        { range: range(1, 0, 3), text: 'RUN' },
        { range: range(0, 7, 9), text: 'AS' },
      ],
    })
    expect(client.rules).toEqual([])
    client.notify('textDocument/didChange', { textDocument, contentChanges: [{ text: 'RUN x' }] })
    expect(client.rules).toEqual(['no-from'])
    client.notify('textDocument/didClose', { textDocument })
    expect(client.rules).toEqual([])
  })

  test('LanguageServer counts columns in UTF-16 units', () => {
    const client = new Client('FROM a\nLABEL x="𝒳é" b c=d\n')
    const inserted = range(1, 15, 15)
    client.notify('textDocument/didChange', {
      textDocument,
      contentChanges: [{ range: inserted, text: '=1' }],
    })
    expect(client.rules).toEqual([])
  })

  test('LanguageServer publishes once for messages that arrive together', () => {
    const client = new Client('FROM a\n')
    const change = { textDocument, contentChanges: [{ range: range(1, 0, 0), text: 'RUN x\n' }] }
    const value = { jsonrpc: '2.0', method: 'textDocument/didChange', params: change }
    const before = client.sent.length
    client.server.handle(Array.from({ length: 5 }, () => ({ kind: 'message', value })))
    expect(client.sent.length - before).toBe(1)
  })

  test('LanguageServer finds, lists and renames stages and variables', () => {
    const text =
      'ARG V=1\nFROM a:$V AS build\nARG V\nRUN echo $V\nFROM build\nCOPY --from=build x /\n'
    const client = new Client(text)
    expect(client.at('textDocument/definition', 5, 13)).toEqual([{ uri, range: range(1, 13, 18) }])
    const context = { context: { includeDeclaration: false } }
    expect(client.at('textDocument/references', 1, 14, context)).toEqual([
      { uri, range: range(4, 5, 10) },
      { uri, range: range(5, 12, 17) },
    ])
    expect(client.at('textDocument/prepareRename', 3, 10)).toEqual(range(3, 10, 11))
    expect(client.at('textDocument/rename', 3, 10, { newName: 'VERSION' })).toEqual({
      changes: {
        [uri]: [
          { range: range(0, 4, 5), newText: 'VERSION' },
          { range: range(1, 8, 9), newText: 'VERSION' },
          { range: range(2, 4, 5), newText: 'VERSION' },
          { range: range(3, 10, 11), newText: 'VERSION' },
        ],
      },
    })
    const bad = (): unknown => client.at('textDocument/rename', 1, 14, { newName: 'Two words' })
    expect(bad).toThrow('-32602 "Two words" is not a name of a stage')
    expect(client.at('textDocument/prepareRename', 3, 0)).toBeNull()
  })

  test('LanguageServer finds a later stage in --from, and none in FROM', () => {
    const client = new Client('FROM late\nCOPY --from=late x /\nFROM a AS late\n')
    expect(client.at('textDocument/definition', 1, 13)).toEqual([{ uri, range: range(2, 10, 14) }])
    expect(client.at('textDocument/definition', 0, 6)).toEqual([])
    expect(
      client.at('textDocument/references', 2, 11, { context: { includeDeclaration: false } }),
    ).toEqual([{ uri, range: range(1, 12, 16) }])
  })

  test('LanguageServer completes instructions, flags, mounts, stages, variables and platforms', () => {
    const client = new Client(
      'ARG TAG=1\nFROM --platform= x AS build\nENV NAME=v\nCO\nCOPY --\nCOPY --from=b\nRUN --mount=type=cache,sha x\nRUN --mount=type= x\nRUN echo ${N\n# \nFROM bu\n',
    )
    const labels = (line: number, character: number): string[] => {
      const items = client.at('textDocument/completion', line, character) as { label: string }[]
      return items.map(({ label }) => label)
    }
    expect(labels(3, 2)).toContain('COPY')
    expect(labels(1, 16)).toContain('linux/arm64')
    expect(labels(4, 7)).toEqual([
      '--from',
      '--chown',
      '--chmod',
      '--link',
      '--exclude',
      '--parents',
    ])
    expect(labels(5, 13)).toEqual(['build'])
    expect(labels(6, 26)).toContain('sharing')
    expect(labels(7, 17)).toEqual(['bind', 'cache', 'tmpfs', 'secret', 'ssh'])
    expect(labels(8, 12)).toEqual(['PATH', 'NAME'])
    expect(labels(9, 2)).toEqual(['check'])
    expect(labels(10, 7)).toEqual(['build', 'scratch'])
  })

  test('LanguageServer explains instructions, flags, stages and the values of variables', () => {
    const client = new Client(
      'FROM scratch AS one\nARG A=1\nENV B=x$A\nCOPY --chown=1 $B /\nFROM one\nRUN x $B\n',
    )
    const shown = (line: number, character: number): string =>
      (client.at('textDocument/hover', line, character) as { contents: { value: string } }).contents
        .value
    expect(shown(3, 1)).toContain('COPY [flags] <source>')
    expect(shown(3, 7)).toContain('user[:group]')
    expect(shown(3, 16)).toContain('ENV B=x1')
    expect(shown(5, 7)).toContain('ENV B=x1')
    expect(shown(4, 6)).toContain('FROM scratch AS one')
    expect(client.at('textDocument/hover', 3, 18)).toBeNull()
  })

  test('LanguageServer offers fixes, suggestions and skips', () => {
    const client = new Client('FROM a as b\nARG VERSION\nLABEL a=$VERSOIN\nRNU x\n')
    const titles = (line: number, context: object = {}): string[] => {
      const found = client.request('textDocument/codeAction', {
        textDocument,
        range: range(line, 0, 0),
        context,
      }) as { title: string }[]
      return found.map(({ title }) => title)
    }
    expect(titles(0)).toEqual(['Match the case of FROM', 'Make all fixes'])
    expect(titles(0, { only: ['source'] })).toEqual(['Make all fixes'])
    expect(titles(0, { only: ['refactor'] })).toEqual([])
    expect(titles(0, { only: ['source.fixAll'] })).toEqual(['Make all fixes'])
    expect(titles(3)).toEqual(['Change to RUN', 'Make all fixes'])
    client.notify('textDocument/didChange', {
      textDocument,
      contentChanges: [{ range: range(3, 0, 3), text: 'RUN' }],
    })
    expect(titles(2)).toEqual([
      'Change to VERSION',
      'Skip UndefinedVar for this instruction',
      'Make all fixes',
    ])
  })

  test('LanguageServer formats and outlines a file', () => {
    const client = new Client('from a as b\nrun  x\n')
    expect(client.request('textDocument/formatting', { textDocument })).toEqual([
      {
        range: { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } },
        newText: 'FROM a AS b\nRUN x\n',
      },
    ])
    expect(client.request('textDocument/documentSymbol', { textDocument })).toMatchObject([
      { name: 'b', kind: 3, children: [{ name: 'RUN x' }] },
    ])
  })

  test('LanguageServer refuses requests in the wrong order and ends with a code', () => {
    const client = new Client()
    expect(() => client.at('textDocument/hover', 0, 0)).toThrow('-32002')
    client.request('initialize', {})
    expect(() => client.at('textDocument/hover', 0, 0)).toThrow('-32602 the file is not open')
    expect(() => client.request('constructor', {})).toThrow('-32601')
    expect(client.request('shutdown', null)).toBeNull()
    expect(() => client.at('textDocument/hover', 0, 0)).toThrow('-32600')
    client.notify('exit', null)
    expect(client.server.exitCode).toBe(0)
    const impatient = new Client()
    impatient.notify('exit', null)
    expect(impatient.server.exitCode).toBe(1)
  })

  test('LanguageServer survives messages of any shape', () => {
    const client = new Client('FROM a\n')
    const methods = [
      'textDocument/didOpen',
      'textDocument/didChange',
      'textDocument/didClose',
      'textDocument/completion',
      'textDocument/hover',
      'textDocument/rename',
      'textDocument/codeAction',
      '__proto__',
    ]
    const values = [
      null,
      1,
      'x',
      [],
      {},
      { textDocument: null },
      { textDocument, position: { line: -1, character: 1e9 } },
      { textDocument, contentChanges: [{ range: range(9e9, 5, 2), text: 'x' }] },
      { textDocument, position: { line: 1e6, character: 1e6 }, range: range(5, 5, 1), newName: 5 },
    ]
    for (const method of methods) {
      for (const params of values) {
        client.notify(method, params)
        client.send({ id: 'x', method, params })
      }
    }
    for (const value of values) client.send(value)
    client.notify('textDocument/didOpen', { textDocument: { uri, text: 'FROM a\n' } })
    expect(client.at('textDocument/hover', 0, 1)).toBeTruthy()
  })

  test('LanguageServer refuses more text than a build', () => {
    const client = new Client('FROM a\n')
    const text = 'x'.repeat(10 * 1024 * 1024 + 1)
    client.send({
      id: 99,
      method: 'textDocument/didOpen',
      params: { textDocument: { uri: 'b', text } },
    })
    expect(client.codes).toContain(-32601)
    client.notify('textDocument/didOpen', { textDocument: { uri: 'b', text } })
    expect(() =>
      client.request('textDocument/documentSymbol', { textDocument: { uri: 'b' } }),
    ).toThrow('the file is not open')
  })
})
