import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'
import { openBrowser } from './testing/browser.ts'

const chromium = Bun.which('chromium')
const name = `administration in a browser${chromium === null ? ' (skipped: no chromium)' : ''}`

const evil = `"'></title><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`
const image = manifest({ annotations: { evil } })
const text = `quotas:
  - { prefix: team, bytes: 10kB }
  - { eachUser: true, bytes: 1MB }
proxy: { maxSize: 1GB, upstreams: [{ name: docker.io }] }
retention:
  - { repositories: [team/**], tags: [pr-*], keep: { pushedWithin: 0s } }
`

describe.skipIf(chromium === null)(name, () => {
  test('works by the keyboard without scripts, fits narrow windows, and runs no hostile label', async () => {
    const root = await mkdtemp(join(tmpdir(), 'strake-admin-browser-'))
    try {
      const hash = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 4 })
      await Bun.write(join(root, 'users'), `root:${hash}\n`)
      await using served = await openStoredRegistry(join(root, 'data'))
      const cached = served.registry.repository('docker.io/library/app')
      for (const { descriptor, raw } of [emptyConfig, image]) {
        await cached.write(descriptor, fromBuffer(raw))
      }
      await cached.tag('latest', image.descriptor)
      const app = served.registry.repository('team/app', { sender: evil })
      for (const { descriptor, raw } of [emptyConfig, image]) {
        await app.write(descriptor, fromBuffer(raw))
      }
      await app.tag('pr-1', image.descriptor)
      const config = await parseConfig(text, join(root, 'registry.yml'))
      await using server = await serveConfigured(served, {
        config: { ...config, listen: { port: 0 } },
        files: { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` },
        writeLine: () => {},
      })
      await using page = await openBrowser(chromium ?? '')
      await page.send('Emulation.setScriptExecutionDisabled', { value: true })
      await page.send('Network.enable')
      const headers = { Authorization: `Basic ${btoa('root:secret')}` }
      await page.send('Network.setExtraHTTPHeaders', { headers })
      const { press } = page
      await page.open(`${server.url}/tokens`)
      await page.evaluate(`document.querySelector('#label').focus()`)
      await page.send('Input.insertText', { text: evil })
      for (let field = 0; field < 2; field += 1) await press('Tab', 9)
      expect(await page.evaluate('document.activeElement.id')).toBe('days')
      await press('Enter', 13, '\r')
      const made = async (): Promise<unknown> =>
        await page.evaluate(`document.querySelector('.note code')?.textContent`)
      for (let tries = 0; tries < 100 && (await made()) === undefined; tries += 1) {
        await Bun.sleep(50)
      }
      expect(await made()).toMatch(/^strake_[0-9a-f]{16}_/)

      for (const [width, scheme] of [
        [360, 'dark'],
        [1280, 'light'],
      ] as const) {
        await page.resize(width, scheme)
        for (const path of ['/tokens', '/admin', '/admin/cache', '/admin/collection']) {
          await page.open(`${server.url}${path}`)
          const seen = await page.evaluate(`({
            title: document.title === 'owned',
            markup: document.querySelectorAll('script, img, iframe, [onerror], [style]').length,
            wide: document.documentElement.scrollWidth > innerWidth,
            main: document.querySelectorAll('main, h1').length,
            unnamed: [...document.querySelectorAll('input:not([type=hidden]), meter')]
              .filter((each) => each.labels.length === 0 && each.tagName !== 'METER').length,
            dark: getComputedStyle(document.body).backgroundColor,
          })`)
          const dark = scheme === 'dark' ? 'rgb(18, 22, 28)' : 'rgb(251, 251, 249)'
          expect([path, seen]).toEqual([
            path,
            { title: false, markup: 0, wide: false, main: 2, unnamed: 0, dark },
          ])
        }
      }
      await page.evaluate(`document.querySelector('main form button').focus()`)
      await press('Enter', 13, '\r')
      for (let tries = 0; tries < 100; tries += 1) {
        if ((await Array.fromAsync(app.tags())).length === 0) break
        await Bun.sleep(50)
      }
      expect(await Array.fromAsync(app.tags())).toEqual([])
    } finally {
      await rm(root, { recursive: true })
    }
  }, 60_000)
})
