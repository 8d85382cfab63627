import type { ProgressEvent } from '#stream'
import type { ProgressLine } from '../streams/line-queue.ts'

/** Returns a function that shows the events of a build as lines of text, as the classic builder did. */
export function stepLines(add: (line: ProgressLine) => void): (event: ProgressEvent) => void {
  const decoders = new Map<string, TextDecoder>()
  const decode = (key: string, data: Uint8Array): string => {
    const decoder = decoders.get(key) ?? new TextDecoder()
    decoders.set(key, decoder)
    return decoder.decode(data, { stream: true })
  }
  return (event) => {
    switch (event.type) {
      case 'step':
        if (event.state === 'started') add({ stream: `${event.name}\n` })
        if (event.state === 'cached') add({ stream: `${event.name}\n ---> Using cache\n` })
        break
      case 'log':
        add({ stream: decode(`${event.id} ${event.stream}`, event.data) })
        break
      case 'warning':
        add({ stream: `[Warning] ${event.message}\n` })
        break
      case 'status':
        add({ stream: `${event.message}\n` })
        break
      default:
    }
  }
}
