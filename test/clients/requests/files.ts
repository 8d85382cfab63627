import { get, head, post, put, type Step } from './step.ts'

/** An archive with one file, in the form of POSIX tar. */
export function archiveOf(name: string, text: string): Uint8Array {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512)
  body.write(text)
  return Buffer.concat([header, body, Buffer.alloc(1024)])
}

const tar = { headers: { 'Content-Type': 'application/x-tar' } }

/** Archives in and out of the container `main`. */
export const fileSteps: readonly Step[] = [
  head('/containers/main/archive?path=/etc/passwd'),
  head('/containers/main/archive?path=/etc'),
  head('/containers/main/archive?path=/bin/sh'),
  head('/containers/main/archive?path=etc/passwd'),
  head('/containers/main/archive?path=/nosuch'),
  head('/containers/main/archive'),
  head('/containers/nosuch/archive?path=/'),
  get('/containers/main/archive?path=/etc/passwd'),
  get('/containers/main/archive?path=/etc/'),
  get('/containers/main/archive?path=/etc/passwd/'),
  get('/containers/main/archive?path=/nosuch'),
  get('/containers/main/archive?path='),
  get('/containers/main/archive'),
  put('/containers/main/archive?path=/tmp', archiveOf('new', 'text'), tar),
  get('/containers/main/archive?path=/tmp/new'),
  put('/containers/main/archive?path=/nosuch', archiveOf('new', 'text'), tar),
  put('/containers/main/archive?path=/etc/passwd', archiveOf('new', 'text'), tar),
  put('/containers/main/archive', archiveOf('new', 'text'), tar),
  put('/containers/main/archive?path=/tmp', 'no archive', tar),
  put('/containers/main/archive?path=/tmp', archiveOf('../up', 'text'), tar),
  put('/containers/main/archive?path=/tmp&noOverwriteDirNonDir=1', archiveOf('new', 'x'), tar),
  put('/containers/main/archive?path=/&noOverwriteDirNonDir=1', archiveOf('tmp', 'x'), tar),
  put('/containers/main/archive?path=/tmp&copyUIDGID=1', archiveOf('own', 'x'), tar),
  put('/containers/main/archive?path=/tmp', undefined, tar),
  put('/containers/nosuch/archive?path=/tmp', archiveOf('new', 'x'), tar),
  get('/containers/main/changes'),
  post('/containers/main/archive?path=/tmp'),
]
