import { expect, test } from 'bun:test'
import { createCounter, createGauge, createHistogram, formatFamilies } from './metric.ts'

test('formatFamilies() writes counters, gauges and histograms as Prometheus reads them', async () => {
  const counter = createCounter({ name: 'pulls_total', help: 'Pulls.', labels: ['name', 'by'] })
  counter.add(['a', 'x'])
  counter.add(['a', 'x'], 2)
  counter.add(['b', 'x'])
  const histogram = createHistogram({ name: 'seconds', help: 'Times.', labels: ['kind'] }, [1, 2])
  for (const measured of [0.5, 1, 1.5, 9]) histogram.observe(['k'], measured)
  const gauge = createGauge({ name: 'size', help: 'Size.' }, async () => 7)
  const absent = createGauge({ name: 'gone', help: 'Gone.' }, () => undefined)
  expect(await formatFamilies([counter, histogram, gauge, absent])).toBe(
    `# HELP pulls_total Pulls.
# TYPE pulls_total counter
pulls_total{name="a",by="x"} 3
pulls_total{name="b",by="x"} 1
# HELP seconds Times.
# TYPE seconds histogram
seconds_bucket{kind="k",le="1"} 2
seconds_bucket{kind="k",le="2"} 3
seconds_bucket{kind="k",le="+Inf"} 4
seconds_sum{kind="k"} 12
seconds_count{kind="k"} 4
# HELP size Size.
# TYPE size gauge
size 7
# HELP gone Gone.
# TYPE gone gauge
`,
  )
})

test('formatFamilies() escapes labels, so that no value can forge a line', async () => {
  const counter = createCounter({ name: 'a', help: 'A.', labels: ['b'] })
  counter.add(['"} 1\n\\'])
  expect(await formatFamilies([counter])).toContain('a{b="\\"} 1\\n\\\\"} 1\n')
})
