import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A page of a browser without a window. */
export interface BrowserPage extends AsyncDisposable {
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>
  /** Names and parameters of what happened. */
  readonly events: readonly { readonly method: string; readonly params: unknown }[]
  /** Opens an address and waits for it. */
  readonly open: (url: string) => Promise<void>
  /** Returns the value of an expression in the page. */
  readonly evaluate: (expression: string) => Promise<unknown>
  /** Presses a key, as `Enter` with its code 13, which types a text. */
  readonly press: (key: string, code: number, typed?: string) => Promise<void>
  /** Shows the page in a window of this width, and in the colours that the user prefers. */
  readonly resize: (width: number, scheme: 'dark' | 'light') => Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/**
 * Starts Chromium and speaks its own protocol.
 *
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
export async function openBrowser(program: string): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), 'strake-browser-'))
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0']
  const child = spawn(program, [...options, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: its other processes outlive the first, and write to the profile.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async (): Promise<void> => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    let told = ''
    for await (const chunk of child.stderr) {
      told += String(chunk)
      if (/ws:\/\/[^/\s]+\/\S+/.test(told)) break
    }
    const host = /ws:\/\/([^/\s]+)/.exec(told)?.[1]
    const targets = (await (await fetch(`http://${host}/json/list`)).json()) as readonly {
      readonly type: string
      readonly webSocketDebuggerUrl: string
    }[]
    const target = targets.find(({ type }) => type === 'page')
    if (target === undefined) throw new Error(`no page in the browser: ${told}`)
    const page = await attach(target.webSocketDebuggerUrl)
    return { ...page, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function attach(url: string): Promise<Omit<BrowserPage, typeof Symbol.asyncDispose>> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, (message: Message) => void>()
  const events: { method: string; params: unknown }[] = []
  let loaded: (() => void) | undefined
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    else if (message.method !== undefined) {
      events.push({ method: message.method, params: message.params })
      if (message.method === 'Page.loadEventFired') loaded?.()
    }
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  let last = 0
  const send = async (method: string, params = {}): Promise<Record<string, unknown>> => {
    last += 1
    const id = last
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params }))
    const { result, error } = await answer
    if (result === undefined) throw new Error(`${method}: ${error?.message}`)
    return result
  }
  const open = async (address: string): Promise<void> => {
    const load = new Promise<void>((resolve) => {
      loaded = resolve
    })
    await send('Page.navigate', { url: address })
    await load
  }
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true })
    return (result as { readonly value?: unknown }).value
  }
  const press: BrowserPage['press'] = async (key, code, typed = '') => {
    const event = { key, code: key, windowsVirtualKeyCode: code, text: typed }
    await send('Input.dispatchKeyEvent', { type: 'keyDown', ...event })
    await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key })
  }
  const resize: BrowserPage['resize'] = async (width, scheme) => {
    const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 }
    await send('Emulation.setDeviceMetricsOverride', metrics)
    const features = [{ name: 'prefers-color-scheme', value: scheme }]
    await send('Emulation.setEmulatedMedia', { features })
  }
  for (const domain of ['Page', 'Log', 'Network', 'Runtime']) await send(`${domain}.enable`)
  return { send, events, open, evaluate, press, resize }
}
