import { readdir } from 'node:fs/promises'
import { createGauge, type Family } from './metric.ts'

/** The usual metrics of a process, under the names that dashboards know. */
export function createProcessMetrics(): readonly Family[] {
  const startedAt = Date.now() / 1000 - process.uptime()
  return [
    createGauge(
      { name: 'process_cpu_seconds_total', help: 'Processor time of the server.' },
      () => {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      },
      'counter',
    ),
    createGauge({ name: 'process_resident_memory_bytes', help: 'Memory of the server.' }, () =>
      process.memoryUsage.rss(),
    ),
    createGauge(
      { name: 'process_start_time_seconds', help: 'When the server started, since 1970.' },
      () => startedAt,
    ),
    createGauge({ name: 'process_open_fds', help: 'Open descriptors of the server.' }, async () => {
      const names = await readdir('/proc/self/fd').catch(() => undefined)
      return names?.length
    }),
  ]
}
