/** Names of devices, in any case and with any extension; `con.txt` is the console too. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?: *\..*| *)$/i

/**
 * Whether Windows allows a file or folder of this name, and Explorer and cmd find it again; see
 * https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
 */
export function isWindowsName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return name !== '' && !/[<>:"|?*\\/\0-\x1f]/.test(name) && !/[. ]$/.test(name) && !DEVICE.test(name)
}
