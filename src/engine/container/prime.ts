/**
 * Starts the slow work of the kernel early. Call it in a command that starts a process in a
 * container.
 */
export { primeCgroups } from '#runtime/cgroup'
