import type { DeviceType } from './device.ts';

/** A system that the User-Agent may name. `type` is `null` if the system runs on several types of device. */
export interface Platform {
  readonly mark: RegExp;
  readonly and?: RegExp;
  readonly os: string | null;
  readonly type: DeviceType | null;
}

/** The first match wins, so a system that claims to be another one comes first. No versions, because browsers freeze them. */
export const PLATFORMS: readonly Platform[] = [
  { mark: /Windows Phone|IEMobile/, os: 'Windows Phone', type: 'mobile' },
  { mark: /\bXbox\b/, os: 'Xbox', type: 'console' },
  { mark: /PlayStation/i, os: 'PlayStation', type: 'console' },
  { mark: /Nintendo Switch/, os: 'Nintendo Switch', type: 'console' },
  { mark: /Nintendo/, os: 'Nintendo', type: 'console' },
  { mark: /Apple ?TV|tvOS/, os: 'tvOS', type: 'tv' },
  { mark: /watchOS|Apple Watch|\bWatch\d{1,2},\d/, os: 'watchOS', type: 'wearable' },
  { mark: /\biPad/, os: 'iPadOS', type: 'tablet' },
  { mark: /\biP(?:hone|od)/, os: 'iOS', type: 'mobile' },
  // An iPad that requests desktop pages claims to be a Mac. Safari then sends the same text as on a Mac, but other
  // browsers keep the name of their iOS edition.
  { mark: /Macintosh/, and: /(?:CriOS|FxiOS|EdgiOS|OPiOS|OPT|GSA|YaBrowser_iOS)\//, os: 'iPadOS', type: 'tablet' },
  { mark: /Macintosh/, and: / Mobile\/\w/, os: 'iPadOS', type: 'tablet' },
  { mark: /Web0S|webOS/i, os: 'webOS', type: 'tv' },
  { mark: /\bRoku/, os: 'Roku', type: 'tv' },
  { mark: /SmartCast/, os: 'SmartCast', type: 'tv' },
  { mark: /CrKey\//, os: 'Chromecast', type: 'tv' },
  { mark: /VIDAA/, os: 'VIDAA', type: 'tv' },
  { mark: /Tizen/, os: 'Tizen', type: null },
  { mark: /Andr[o0]id/, and: /\bAFT[A-Z]/, os: 'Fire OS', type: 'tv' },
  { mark: /Andr[o0]id/, and: /\bKF[A-Z]{3,6}\b/, os: 'Fire OS', type: 'tablet' },
  { mark: /Andr[o0]id/, and: /\bTV\b|GoogleTV|BRAVIA|\bMi(?:TV|BOX)|SmartTV|HbbTV/i, os: 'Android TV', type: 'tv' },
  { mark: /HbbTV|NETTV\/|NETRANGE|NetCast|SmartHub|SMART-?TV|\bVIERA/i, os: 'Smart TV', type: 'tv' },
  { mark: /OpenHarmony|HarmonyOS/, os: 'HarmonyOS', type: null },
  { mark: /KAIOS/i, os: 'KaiOS', type: 'mobile' },
  { mark: /PicoBrowser/, os: 'Pico', type: 'wearable' },
  { mark: /OculusBrowser/, os: 'Meta Quest', type: 'wearable' },
  { mark: /\bCrOS\b/, os: 'ChromeOS', type: 'desktop' },
  { mark: /Linux/, and: / Tesla\/|QtCarBrowser/, os: 'Tesla', type: 'embedded' },
  { mark: /Andr[o0]id|\bAdr \d|\bFB4A\b/i, os: 'Android', type: null },
  { mark: /Windows|\bWin(?:7|10|11|32|64)\b/i, os: 'Windows', type: 'desktop' },
  { mark: /Macintosh|\bmac ?OS\b|Mac_PowerPC|\bOSX\b/i, os: 'Mac OS', type: 'desktop' },
  { mark: /\biOS\b/, os: 'iOS', type: 'mobile' },
  // Apple's networking library names the processor only on an Intel Mac.
  { mark: /\bDarwin\//, and: /CFNetwork.*\((?:x86_64|i386)\)/, os: 'Mac OS', type: 'desktop' },
  { mark: /CFNetwork\//, os: null, type: 'client' },
  { mark: /\bdarwin\b/i, os: 'Mac OS', type: 'desktop' },
];

/** Systems whose own browser has no name, and claims to be Chrome or Safari. */
export const BUILT_IN: ReadonlySet<string> = new Set([
  ...['PlayStation', 'Nintendo', 'Nintendo Switch', 'webOS', 'Tizen', 'Roku', 'SmartCast', 'Chromecast', 'VIDAA'],
  ...['Smart TV', 'Tesla', 'tvOS', 'BlackBerry'],
]);

/** Apps that show web pages, and browsers that the parser takes for their engine. */
export const APPS: readonly { readonly mark: RegExp; readonly name: string; readonly type?: DeviceType }[] = [
  { mark: /Instagram /, name: 'Instagram' },
  { mark: /\bBarcelona \d/, name: 'Threads' },
  { mark: /FBAN\/Messenger|FB_IAB\/(?:Orca|MESSENGER)|Orca-Android/, name: 'Messenger' },
  { mark: /\bFB(?:AN|AV)\/|FB_IAB\//, name: 'Facebook' },
  { mark: /musical_ly|\btrill_|\bTikTok\b/, name: 'TikTok' },
  { mark: /\baweme/, name: 'Douyin' },
  { mark: /\bwxwork\//, name: 'WeCom' },
  { mark: /MicroMessenger\//, name: 'WeChat' },
  { mark: /\bGSA\//, name: 'Google app' },
  { mark: /LinkedInApp/, name: 'LinkedIn' },
  { mark: /\bLine\/\d/, name: 'Line' },
  { mark: /Snapchat[/ ]?\d/, name: 'Snapchat' },
  { mark: /\[Pinterest\//, name: 'Pinterest' },
  { mark: /Twitter for |TwitterAndroid/, name: 'Twitter' },
  { mark: /KAKAOTALK/i, name: 'KakaoTalk' },
  { mark: /NAVER\(inapp/, name: 'Naver' },
  { mark: /AlipayClient\//, name: 'Alipay' },
  { mark: /Weibo[ (]|__weibo__/, name: 'Weibo' },
  { mark: /Telegram-Android/, name: 'Telegram' },
  { mark: /\bSlack(?:_SSB)?\//, name: 'Slack' },
  { mark: /\bTeams(?:\/|Mobile-)/, name: 'Teams' },
  { mark: /WindowsPowerShell\//, name: 'PowerShell', type: 'client' },
  { mark: /\b(?:DuckDuckGo|Ddg)\//, name: 'DuckDuckGo' },
];
