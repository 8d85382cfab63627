import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const root = join(import.meta.dir, '../../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The metrics that the source makes. */
const made = new Set(
  readdirSync(join(root, 'src/registry'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) => [
      ...read(`src/registry/${path}`).matchAll(/'((?:strake|process)_[a-z_]+)'/g),
    ])
    .map(([, name]) => name ?? ''),
)

test('docs/registry.md names every metric, and no other', () => {
  const named = [...read('docs/registry.md').matchAll(/^\| `((?:strake|process)_[a-z_]+)/gm)]
  expect(named.map(([, name]) => name).toSorted()).toEqual([...made].toSorted())
})

/** The labels of each metric, as docs/registry.md lists them; Prometheus adds the others. */
const labels = new Map(
  [...read('docs/registry.md').matchAll(/^\| `((?:strake|process)_[a-z_]+)` \|([^|]*)\|/gm)].map(
    ([, name = '', list = '']) => [
      name,
      [...(list.match(/[a-z]+/g) ?? []), 'instance', 'job', 'le'],
    ],
  ),
)

/** Returns what is wrong with the metrics and labels of an expression of Prometheus. */
function faultsOf(expression: string): readonly string[] {
  const uses = expression.matchAll(/\b((?:strake|process)_[a-z_]+)(?:\{([^}]*)\})?/g)
  return [...uses].flatMap(([, used = '', conditions = '']) => {
    const name = used.replace(/_(?:bucket|sum|count)$/, '')
    const known = labels.get(made.has(used) ? used : name)
    if (known === undefined) return [`no metric is called ${used}`]
    const asked = [...conditions.matchAll(/([a-z_]+)(?==|!)/g)].map(([, label = '']) => label)
    return asked.filter((label) => !known.includes(label)).map((label) => `${used} has no ${label}`)
  })
}

interface Alerts {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly annotations: { readonly summary: string }
    }[]
  }[]
}

test('the alert rules use metrics that exist, and docs/operations.md tells what each means', () => {
  const { groups } = parse(read('deploy/monitoring/alerts.yml')) as Alerts
  const rules = groups.flatMap((group) => group.rules)
  expect(rules.length).toBeGreaterThan(10)
  for (const { alert, expr, annotations } of rules) {
    expect([alert, faultsOf(expr)]).toEqual([alert, []])
    expect(annotations.summary).toMatch(/\.$/)
  }
  const told = [...read('docs/operations.md').matchAll(/^\| `(Registry[A-Za-z]+)`/gm)]
  expect(told.map(([, name]) => name)).toEqual(rules.map(({ alert }) => alert))
})

test('the dashboard shows every metric, and no other', () => {
  const { panels, templating } = JSON.parse(read('deploy/monitoring/dashboard.json')) as {
    readonly panels: readonly {
      readonly title: string
      readonly targets: readonly { readonly expr: string }[]
    }[]
    readonly templating: { readonly list: readonly { readonly query: string }[] }
  }
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  for (const expr of [...expressions, ...templating.list.map(({ query }) => query)]) {
    expect([expr, faultsOf(expr)]).toEqual([expr, []])
  }
  const shown = expressions.join('\n')
  expect([...made].filter((name) => !shown.includes(name))).toEqual([])
})
