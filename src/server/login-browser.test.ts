import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addUser } from '#registry/identity/user-facts'
import { openUserFile } from '#registry/identity/user-file'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'
import { openBrowser } from './testing/browser.ts'
import { canCertify, makeAuthority } from './testing/certificates.ts'

const chromium = Bun.which('chromium')
const name = `the login in a browser${chromium === null ? ' (skipped: no chromium)' : ''}`
const password = 'root-s password'

describe.skipIf(chromium === null)(name, () => {
  test('works by the keyboard without scripts, tells a reader what is wrong, and ends', async () => {
    const root = await mkdtemp(join(tmpdir(), 'strake-login-browser-'))
    try {
      await addUser(openUserFile(`${root}/users`), 'root', password)
      await using served = await openStoredRegistry(join(root, 'data'))
      await using server = await serveConfigured(served, {
        config: { listen: { port: 0 } },
        files: { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` },
        writeLine: () => {},
      })
      await using page = await openBrowser(chromium ?? '')
      await page.send('Emulation.setScriptExecutionDisabled', { value: true })
      const { press } = page
      const type = (text: string) => page.send('Input.insertText', { text })
      const waitFor = async (expression: string): Promise<void> => {
        for (let tries = 0; tries < 200; tries += 1) {
          if ((await page.evaluate(expression)) === true) return
          await Bun.sleep(50)
        }
        throw new Error(`never true: ${expression}`)
      }
      /** Saves a picture for a developer who wants to look at it. */
      const picture = async (what: string): Promise<void> => {
        const directory = process.env['STRAKE_PICTURES']
        if (directory === undefined) return
        const { data } = await page.send('Page.captureScreenshot')
        await Bun.write(`${directory}/${what}.png`, Buffer.from(String(data), 'base64'))
      }
      const look = async (what: string): Promise<void> => {
        for (const [width, scheme] of [
          [360, 'dark'],
          [1280, 'light'],
        ] as const) {
          await page.resize(width, scheme)
          await picture(`${what}-${width}`)
          const seen = await page.evaluate(`({
            wide: document.documentElement.scrollWidth > innerWidth,
            main: document.querySelectorAll('main, h1').length,
            unnamed: [...document.querySelectorAll('input:not([type=hidden])')]
              .filter((each) => each.labels.length === 0).length,
            dark: getComputedStyle(document.body).backgroundColor,
          })`)
          const dark = scheme === 'dark' ? 'rgb(18, 22, 28)' : 'rgb(251, 251, 249)'
          expect([what, seen]).toEqual([what, { wide: false, main: 2, unnamed: 0, dark }])
        }
      }

      await page.open(`${server.url}/admin`)
      expect(await page.evaluate('location.pathname + location.search')).toBe('/login?to=%2Fadmin')
      await look('login')
      await waitFor(`document.activeElement.id === 'name'`)
      await type('root')
      await press('Tab', 9)
      await type('a wrong password')
      await press('Enter', 13, '\r')
      await waitFor(`document.querySelector('[role=alert]') !== null`)
      expect(
        await page.evaluate(`({
          fault: document.querySelector('[role=alert]').textContent,
          described: [...document.querySelectorAll('[aria-describedby=fault]')].map(({ id }) => id),
          name: document.querySelector('#name').value,
          password: document.querySelector('#password').value,
        })`),
      ).toEqual({
        fault: 'Cannot sign in: the name or the password is wrong.',
        described: ['name', 'password'],
        name: 'root',
        password: '',
      })
      await look('login-wrong')
      await waitFor(`document.activeElement.id === 'password'`)
      await type(password)
      await press('Enter', 13, '\r')
      await waitFor(`location.pathname === '/admin' && document.querySelector('h1') !== null`)
      expect(await page.evaluate('document.cookie')).toBe('')
      await look('signed-in')
      await page.open(`${server.url}/tokens`)
      expect(await page.evaluate('document.body.textContent')).toMatch(
        /Chrome \d+ on Linux \(this browser\)/,
      )
      await look('tokens')
      await page.evaluate(`document.querySelector('header [action="/logout"] button').focus()`)
      await press('Enter', 13, '\r')
      await waitFor(`location.pathname === '/login'`)
      await page.open(`${server.url}/admin`)
      expect(await page.evaluate('location.pathname')).toBe('/login')
      const refused = page.events.filter(
        ({ method, params }) =>
          method === 'Log.entryAdded' && /Content Security Policy/.test(JSON.stringify(params)),
      )
      expect(refused).toEqual([])
    } finally {
      await rm(root, { recursive: true })
    }
  }, 60_000)

  test.skipIf(!canCertify)(
    'keeps a session over HTTPS, in a cookie that only this host can set',
    async () => {
      const root = await mkdtemp(join(tmpdir(), 'strake-login-browser-'))
      try {
        await addUser(openUserFile(`${root}/users`), 'root', password)
        const tls = makeAuthority(root)
        await using served = await openStoredRegistry(join(root, 'data'))
        await using server = await serveConfigured(served, {
          config: { listen: { port: 0 }, tls },
          files: { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` },
          writeLine: () => {},
        })
        await using page = await openBrowser(chromium ?? '')
        await page.send('Security.setIgnoreCertificateErrors', { ignore: true })
        await page.open(`https://localhost:${server.port}/tokens`)
        await page.evaluate(`document.querySelector('#name').value = 'root'`)
        await page.evaluate(
          `document.querySelector('#password').value = ${JSON.stringify(password)}`,
        )
        await page.evaluate(`document.querySelector('main form').submit()`)
        for (let tries = 0; tries < 200; tries += 1) {
          if ((await page.evaluate('location.pathname')) === '/tokens') break
          await Bun.sleep(50)
        }
        expect(await page.evaluate('document.body.textContent')).toContain('Signed in as root')
        const { cookies } = (await page.send('Network.getCookies')) as {
          readonly cookies: readonly Record<string, unknown>[]
        }
        const expected = { path: '/', secure: true, httpOnly: true, domain: 'localhost' }
        expect(
          cookies.toSorted((one, two) => (String(one['name']) < String(two['name']) ? -1 : 1)),
        ).toMatchObject([
          { ...expected, name: '__Host-strake-form', sameSite: 'Strict' },
          { ...expected, name: '__Host-strake-session', sameSite: 'Lax' },
        ])
      } finally {
        await rm(root, { recursive: true })
      }
    },
    60_000,
  )
})
