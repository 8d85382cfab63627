import { expect, test } from 'bun:test'
import { isCdiName, parseGpus } from './gpu-flags.ts'

test('isCdiName() distinguishes names of devices and paths', () => {
  expect(
    ['vendor.com/class=all', 'nvidia.com/gpu=0:1', 'a/b=GPU-1'].filter(isCdiName),
  ).toHaveLength(3)
  expect(['/dev/null', '/dev/a=b', 'a=b', 'a/b', 'a/b=', 'a/b=c d'].filter(isCdiName)).toEqual([])
})

test('parseGpus() reads all, a number and names', () => {
  expect(parseGpus('all')).toEqual(['nvidia.com/gpu=all'])
  expect(parseGpus('2')).toEqual(['nvidia.com/gpu=0', 'nvidia.com/gpu=1'])
  expect(parseGpus('device=1')).toEqual(['nvidia.com/gpu=1'])
  expect(parseGpus('"device=0,GPU-3a"')).toEqual(['nvidia.com/gpu=0', 'nvidia.com/gpu=GPU-3a'])
  expect(parseGpus('all,capabilities=utility')).toEqual(['nvidia.com/gpu=all'])
  expect(parseGpus('"capabilities=compute,utility",device=0')).toEqual(['nvidia.com/gpu=0'])
  expect(parseGpus('driver=cdi,device=amd.com/gpu=1')).toEqual(['amd.com/gpu=1'])
})

test('parseGpus() refuses what names no GPU', () => {
  for (const text of ['', '0', 'x', '99', 'color=red', '2,device=0', 'device=a b']) {
    expect(() => parseGpus(text)).toThrow('Cannot use --gpus')
  }
})
