import { StrakeError } from '#oci'
import { cpuCount } from '#platform'
import { type Fields, member } from './fields.ts'

/** The least memory of a container, in bytes. */
const least = 6 * 1024 * 1024

/** Refuses limits as Docker does, in its words. Throws `INVALID`. */
export function checkLimits(host: Fields): void {
  const problem = memoryProblem(host) ?? processorProblem(host)
  if (problem !== undefined) throw new StrakeError('INVALID', problem)
}

function memoryProblem(host: Fields): string | undefined {
  const number = (name: string): number => member(host, name, 'number') ?? 0
  const [memory, swap] = [number('Memory'), number('MemorySwap')]
  const [reservation, swappiness] = [number('MemoryReservation'), number('MemorySwappiness')]
  if (memory !== 0 && memory < least) return 'Minimum memory limit allowed is 6MB'
  if (memory > 0 && swap > 0 && swap < memory) {
    return 'Minimum memoryswap limit should be larger than memory limit, see usage'
  }
  if (memory === 0 && swap > 0) {
    return 'You should always set the Memory limit when using Memoryswap limit, see usage'
  }
  if (swappiness < -1 || swappiness > 100) {
    return `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`
  }
  if (reservation !== 0 && reservation < least) return 'Minimum memory reservation allowed is 6MB'
  if (memory > 0 && memory < reservation) {
    return 'Minimum memory limit can not be less than memory reservation limit, see usage'
  }
  return undefined
}

function processorProblem(host: Fields): string | undefined {
  const number = (name: string): number => member(host, name, 'number') ?? 0
  const [nano, shares] = [number('NanoCpus'), number('CpuShares')]
  const [period, quota] = [number('CpuPeriod'), number('CpuQuota')]
  const cpus = cpuCount()
  if (nano > 0 && period > 0) {
    return 'Conflicting options: Nano CPUs and CPU Period cannot both be set'
  }
  if (nano > 0 && quota > 0) {
    return 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'
  }
  if (nano < 0 || nano > cpus * 1e9) {
    return `range of CPUs is from 0.01 to ${cpus.toFixed(2)}, as there are only ${cpus} CPUs available`
  }
  if (shares < 0) return `invalid CPU shares (${shares}): value must be a positive integer`
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    return 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'
  }
  if (quota > 0 && quota < 1000) return 'CPU cfs quota can not be less than 1ms (i.e. 1000)'
  return cpusetProblem(host, 'CpusetCpus', 'cpus') ?? cpusetProblem(host, 'CpusetMems', 'mems')
}

function cpusetProblem(host: Fields, name: string, what: string): string | undefined {
  const text = member(host, name, 'string') ?? ''
  if (text === '' || /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(text)) return undefined
  return `Invalid value ${text} for cpuset ${what}: invalid format: ${text}`
}
