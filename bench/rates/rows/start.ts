import { median } from '../../statistics.ts'
import type { Row } from '../row.ts'
import { processorTime } from '../served.ts'
import { largeStore } from './lists.ts'

export const startRows: readonly Row[] = [
  start('start-empty', 'from the start of a server to its first answer, with an empty store'),
  start('start-large', 'the same with 100,000 repositories', true),
]

function start(name: string, about: string, isLarge = false): Row {
  return {
    name,
    about,
    async run(rig) {
      const directory = isLarge ? await largeStore(rig) : rig.directory()
      const times: number[] = []
      const costs: number[] = []
      for (let round = 0; round < 3 * rig.rounds; round += 1) {
        await using served = await rig.serve({ program: 'strake', directory })
        times.push(served.readyAfter)
        costs.push(processorTime(served.pid) * 1000)
      }
      return [
        { unit: 'ms', value: median(times), most: 50 },
        { unit: 'ms of processor time', value: median(costs) },
      ]
    },
  }
}
