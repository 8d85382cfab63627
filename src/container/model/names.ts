import { StrakeError } from '#oci'

/** Words for the names of containers: qualities and parts of ships. */
const qualities = (
  'able amber ample azure bold brave bright brisk broad calm careful clear clever coastal ' +
  'cool copper crisp daring deep eager early earnest even fair faithful far fast firm fleet ' +
  'fresh gentle golden grand handy happy hardy honest jolly keen kind lively lofty loyal ' +
  'lucky merry mighty neat nimble noble northern patient plain polished proud prudent quick ' +
  'quiet rapid ready robust royal sandy sharp silent silver smooth snug sober solid ' +
  'southern spry stable starry staunch steady still stout strong sturdy sunny swift tall ' +
  'tidal tidy tough trim trusty vast warm wise'
).split(' ')

const parts = (
  'anchor beacon bell berth bilge binnacle block bobstay boom bow bowsprit brace bulkhead ' +
  'buoy cabin cable capstan carvel cleat clipper compass coracle course cutter davit deck ' +
  'dinghy dock fender ferry flag forepeak frigate gaff galley gangway garboard genoa ' +
  'halyard harbor hatch hawser helm hull jetty jib kayak keel ketch knot lantern lateen ' +
  'lighthouse lugger mainsail mast mizzen mooring oar paddle pennant pier pilot pinnace ' +
  'plank porthole prow pulley quarterdeck quay ratline reef rib rigging rivet rudder sail ' +
  'schooner scow sextant sheet shroud skiff sloop spar spinnaker stern strake tiller yawl'
).split(' ')

/** `swift_keel`. Later attempts add digits, for a store in which most pairs of words are taken. */
export function randomName(attempt = 0): string {
  const [first = 0, second = 0, third = 0] = crypto.getRandomValues(new Uint32Array(3))
  const name = `${qualities[first % qualities.length]}_${parts[second % parts.length]}`
  return attempt < 3 ? name : `${name}${third % 10 ** (attempt - 1)}`
}

/** 64 hexadecimal digits. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Docker's rule for names of containers. */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255
}

/** The error for a name that is not a container name. */
export function invalidName(name: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot name a container ${name === '' ? "''" : name}: a name has 2 to 255 letters, digits, _ . or -, and starts with a letter or digit`,
  )
}
