import { StrakeError } from '#oci'
import type { ContainerOptions } from './options.ts'

type Checked = Omit<ContainerOptions, 'image'>

/** Each text becomes a line of a file in the container. A line break in it would make a second line. */
const control = /[\x00-\x1f\x7f]/

function refuse(what: string, text: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use ${what} ${JSON.stringify(text)}: ${reason}`)
}

/** The longest host name that the kernel keeps. */
const longestHostname = 64

/** Refuses host names that the kernel or `/etc/hosts` cannot hold. Throws `INVALID`. */
export function checkHosts(options: Checked): void {
  const { hostname = '', domainname = '', uts, extraHosts = [] } = options
  if (uts === 'host' && hostname + domainname !== '') {
    throw refuse('host name', hostname || domainname, 'the container has the name of the host')
  }
  if (/\s/.test(domainname) || control.test(domainname) || domainname.length > longestHostname) {
    throw refuse('domain name', domainname, `it has blanks or is longer than ${longestHostname}`)
  }
  if (control.test(hostname)) throw refuse('host name', hostname, 'it has a control character')
  if (new TextEncoder().encode(hostname).length > longestHostname) {
    throw refuse('host name', hostname, `it is longer than ${longestHostname} bytes`)
  }
  for (const { name, ip } of extraHosts) {
    if (name === '' || /\s/.test(name) || control.test(name)) {
      throw refuse('host', name, 'it is empty or has blanks')
    }
    if (ip !== 'host-gateway' && !isIpAddress(ip)) {
      throw refuse('address', ip, `it is not the IP address of ${name}`)
    }
  }
}

/** Refuses text that a resolv.conf cannot hold. Throws `INVALID`. */
export function checkResolver({ dns = [], dnsSearch = [], dnsOptions = [] }: Checked): void {
  for (const server of dns) {
    if (!isIpAddress(server)) throw refuse('name server', server, 'it is not an IP address')
  }
  for (const domain of dnsSearch) {
    if (domain === '' || /\s/.test(domain) || control.test(domain)) {
      throw refuse('search domain', domain, 'it is empty or has blanks')
    }
  }
  for (const option of dnsOptions) {
    if (option.trim() === '' || control.test(option)) {
      throw refuse('resolver option', option, 'it is empty or has a control character')
    }
  }
}

/** Annotations by which a runtime changes how it starts and confines a container. */
const ofRuntimes = /^(run\.oci|org\.systemd|org\.criu|io\.podman)\./

/** Refuses annotations that have no name, or by which a runtime would do less for security. */
export function checkAnnotations({ annotations = {} }: Checked): void {
  for (const [name, value] of Object.entries(annotations)) {
    if (name === '') throw refuse('annotation', `=${value}`, 'its name is empty')
    if (ofRuntimes.test(name)) {
      throw refuse('annotation', name, 'it would change how the runtime confines the container')
    }
  }
}

/** Refuses labels and groups that have no name. Throws `INVALID`. */
export function checkLabels({ labels = {}, groupAdd = [] }: Checked): void {
  if (groupAdd.includes('')) throw refuse('group', '', 'its name is empty')
  for (const name of Object.keys(labels)) {
    if (name === '') throw refuse('label', name, 'its name is empty')
    if (/\s/.test(name)) throw refuse('label', name, 'its name has blanks')
  }
}

/** An address with a zone, such as `fe80::1%eth0`, is refused: its meaning differs on each machine. */
function isIpAddress(text: string): boolean {
  return process.getBuiltinModule('node:net').isIP(text) !== 0 && !text.includes('%')
}
