import { posix, win32 } from 'node:path'
import t from 'tap'
import { folderOf } from '../../src/disk/file-url.ts'
import { isWindowsName } from '../../src/disk/windows-names.ts'

t.test('a folder on Windows is written in any way that Windows and file URLs know', async (t) => {
  const folders: Readonly<Record<string, string>> = {
    'file:data\\sync-status': 'data\\sync-status',
    'file:data/sync-status': 'data\\sync-status',
    'file:.\\data': '.\\data',
    'file:..\\data': '..\\data',
    'file:C:\\data\\sync': 'C:\\data\\sync',
    'file:C:/data/sync': 'C:\\data\\sync',
    'file:///C:/data/sync': 'C:\\data\\sync',
    'file:/C:/data': 'C:\\data',
    'file://C:/data': 'C:\\data',
    'file:\\data': '\\data',
    'file:///data': '\\data',
    'file:d:\\My Data\\été': 'd:\\My Data\\été',
  }
  for (const [url, folder] of Object.entries(folders)) {
    const found = folderOf(url, win32)
    t.same('folder' in found ? win32.normalize(found.folder) : found, win32.normalize(folder), url)
  }
})

t.test('what is no folder on a disk of this machine is refused with the reason', async (t) => {
  const faults: Readonly<Record<string, RegExp>> = {
    'file:': /must name a folder after file:/,
    'file://': /must name a folder after file:/,
    'file:\\\\server\\share': /disk of this machine/,
    'file://server/share': /disk of this machine/,
    'file:////server/share': /disk of this machine/,
    'file:\\\\?\\C:\\data': /disk of this machine/,
    'file:\\\\.\\nul': /disk of this machine/,
    'file:C:data': /from the root of the drive, such as file:C:\\data/,
    'file:C:': /from the root of the drive/,
    'file:data\\con': /that Windows allows/,
    'file:data\\Aux.old\\x': /that Windows allows/,
    'file:C:\\a:b': /that Windows allows/,
    'file:data\\what?': /that Windows allows/,
    'file:data\\end.': /that Windows allows/,
    'file:data \\x': /that Windows allows/,
  }
  for (const [url, fault] of Object.entries(faults)) t.match(folderOf(url, win32), { fault }, url)
})

t.test('elsewhere a path is what it always was', async (t) => {
  t.same(folderOf('file:data/sync-status', posix), { folder: 'data/sync-status' })
  t.same(folderOf('file:///var/lib/sheetsync', posix), { folder: '/var/lib/sheetsync' })
  t.same(folderOf('file://data/x', posix), { folder: 'data/x' })
  t.same(folderOf('file:C:\\data', posix), { folder: 'C:\\data' })
  t.match(folderOf('file://', posix), { fault: /must name a folder/ })
})

t.test('devices, ends of a dot or blank and some characters make no name on Windows', async (t) => {
  const forbidden = ['con', 'NUL', 'aux.txt', 'Com1', 'lpt9.csv', 'prn .x', 'con ', 'a.', 'a ', 'a:b', 'a<b', 'a"b']
  for (const name of [...forbidden, 'a|b', 'a?b', 'a*b', 'a\\b', 'a/b', 'a\0b', 'a\x1fb', '', 'com¹']) {
    t.equal(isWindowsName(name), false, JSON.stringify(name))
  }
  for (const name of ['console', 'com', 'com10', 'lpt', 'con-0.csv', '.staging', 'a b', 'a@3f', 'été', 'nul_']) {
    t.equal(isWindowsName(name), true, name)
  }
})
