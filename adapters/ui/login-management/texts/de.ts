import type { Texts } from './type.ts';

export const german: Texts = {
  heading: 'Ihre Geräte',
  headingWithoutRows: 'Ihre Sitzungen',
  loading: 'Wird geladen …',
  current: 'Aktuelle Sitzung',
  activeNow: 'Jetzt aktiv',
  justNow: 'gerade eben',
  lastActive: 'Zuletzt aktiv {time}',
  signedIn: 'Angemeldet {time}',
  times: 'Zuletzt aktiv: {used}\nAngemeldet: {created}',
  secondFactor: 'Zweiter Faktor',
  expires: 'Läuft {time} ab',
  device: '{browser} auf {os}',
  unknownDevice: 'Unbekanntes Gerät',
  kinds: { remembered: 'Bleibt angemeldet', api: 'API', mcp: 'MCP' },
  noOthers: 'Kein anderes Gerät ist angemeldet.',
  none: 'Kein Gerät ist angemeldet.',
  more: 'Mehr anzeigen',

  logOut: 'Abmelden',
  logOutDevice: '{device} abmelden',
  logOutOthers: 'Andere Geräte abmelden',
  signOutEverywhere: 'Überall abmelden',
  signOut: 'Abmelden',
  cancel: 'Abbrechen',
  confirmLogOut: '{device} abmelden?',
  confirmLogOutDetail: 'Dort ist eine neue Anmeldung nötig.',
  confirmOthers: 'Andere Geräte abmelden?',
  confirmOthersDetail: 'Auf allen Geräten außer diesem ist eine neue Anmeldung nötig.',
  confirmEverywhere: 'Überall abmelden?',
  confirmEverywhereDetail: 'Auf allen Geräten ist eine neue Anmeldung nötig, auch auf diesem.',
  confirmSignOut: 'Abmelden?',
  confirmSignOutDetail: 'Auf diesem Gerät ist eine neue Anmeldung nötig.',
  confirmSignOutAllDetail:
    'In diesem Konto endet damit jede Ihrer Sitzungen: Auf allen Geräten ist eine neue Anmeldung nötig.',
  loggedOut: '{device} ist abgemeldet.',
  alreadyOver: '{device} war bereits abgemeldet.',
  othersLoggedOut: 'Alle anderen Geräte sind abgemeldet.',
  signedOut: 'Sie sind abgemeldet.',

  ended: 'Beendet',
  noEnded: 'In letzter Zeit ist keine Sitzung zu Ende gegangen.',
  replaced: 'Durch eine neue Anmeldung ersetzt: {count}',
  endedAt: '{what} {time}',
  endedBySelf: '{what} {time}, von Ihnen',
  endedBySelfFrom: '{what} {time}, von Ihnen, mit {fromDevice}',
  endedByOther: '{what} {time}, durch die Verwaltung',
  endedFrom: '{what} {time}, mit {fromDevice}',
  expired: 'Abgelaufen',
  endedSomehow: 'Beendet',
  reasonCodes: {
    'signed-out': 'Abgemeldet',
    replaced: 'Durch eine neue Anmeldung ersetzt',
    limit: 'Für eine neuere Anmeldung beendet, da zu viele Geräte angemeldet waren',
    'signed-out-others': 'Mit allen anderen Geräten abgemeldet',
    'signed-out-everywhere': 'Überall abgemeldet',
    'password-changed': 'Passwort geändert',
    'email-changed': 'E-Mail-Adresse geändert',
    'password-reset': 'Passwort zurückgesetzt',
    'second-factor-changed': 'Zweiter Faktor geändert',
    'last-login-method-removed': 'Letzte Anmeldeart entfernt',
    'role-changed': 'Rolle geändert',
    'member-removed': 'Aus dem Konto entfernt',
    'token-reused': 'Zu Ihrer Sicherheit beendet, da das Token zweimal benutzt wurde',
    suspended: 'Gesperrt',
    idle: 'Wegen Nichtbenutzung beendet',
  },

  policy: 'Wenn sich jemand abmeldet',
  policySession: 'Nur diese Sitzung beenden',
  policyEverywhere: 'Alle eigenen Sitzungen in diesem Konto beenden',
  policyEverywhereNotice: 'Wenn Sie sich abmelden, enden alle Ihre Sitzungen in diesem Konto.',
  policySave: 'Speichern',
  confirmPolicy: 'Für das ganze Konto ändern?',
  confirmPolicySession: 'Wer sich abmeldet, bleibt auf seinen anderen Geräten angemeldet.',
  confirmPolicyEverywhere: 'Wer sich abmeldet, muss sich auf jedem Gerät neu anmelden.',
  policySaved: 'Die Einstellung ist gespeichert.',

  tryAgain: 'Noch einmal versuchen',
  signIn: 'Anmelden',
  reload: 'Seite neu laden',
  retrying: 'Die Seite versucht es von selbst noch einmal.',
  sessionOver: 'Sie sind abgemeldet. Melden Sie sich neu an, um fortzufahren.',
  signInNotRecent:
    'Dafür ist eine frische Anmeldung nötig. Melden Sie sich noch einmal an und versuchen Sie es dann erneut.',
  crossOrigin: 'Der Server nimmt von dieser Seite keine Anfragen an.',
  forbidden: 'Das dürfen Sie nicht.',
  storeUnavailable: 'Der Server kann gerade nicht antworten. Niemand wurde dadurch abgemeldet.',
  offline: 'Es gibt keine Verbindung zum Server.',
  refused: 'Das hat nicht geklappt: Der Server antwortete {status}.',
  misconfigured: 'Dieser Teil der Seite ist nicht richtig eingerichtet.',

  missingSrc:
    'Für die Entwicklung: <login-management> braucht das Attribut src, den Pfad der Sitzungsrouten, etwa src="/sessions".',
  invalidSrc:
    'Für die Entwicklung: src="{detail}" ist keine Adresse. Nötig ist der Pfad der Sitzungsrouten, etwa src="/sessions".',
  crossOriginSrc:
    'Für die Entwicklung: src führt zu {detail}, einem anderen Ursprung als dem der Seite. Das Cookie der Sitzung wird dorthin nicht gesendet; die Sitzungsrouten müssen von diesem Ursprung kommen.',
  refusedOrigin:
    'Für die Entwicklung: {request} wurde abgelehnt, da der Server den Ursprung {origin} nicht kennt. Er gehört in die Option origins von authentication, oder der Proxy dazwischen muss Host, Origin und Sec-Fetch-Site weitergeben.',
  querySrc:
    'Für die Entwicklung: src hat die Parameter {detail}, und nötig ist nur ein Pfad, etwa src="/sessions". Die Karte ist für die eigenen Sitzungen; für die anderer gibt es die Sitzungsrouten.',
  invalidLoginUrl:
    'Für die Entwicklung: login-url="{detail}" ist keine http(s)-Adresse. Nötig ist ein Pfad wie login-url="/sign-in".',
  notFound:
    'Für die Entwicklung: {request} antwortete 404. src muss dorthin führen, wo die Sitzungsrouten eingehängt sind; was die App weglässt, blendet hide aus, etwa hide="sign-out-others".',
  notAllowed:
    'Für die Entwicklung: {request} antwortete 405. src muss dorthin führen, wo die Sitzungsrouten eingehängt sind, und diese Methode muss durchkommen.',
  redirected:
    'Für die Entwicklung: {request} antwortete mit einer Weiterleitung. Die Sitzungsrouten antworten mit JSON: Steht ein Wächter davor, der Fremde auf eine Seite schickt?',
  notJson:
    'Für die Entwicklung: {request} antwortete {status}, und nicht mit JSON. Dort antwortet eine Seite: src muss dorthin führen, wo die Sitzungsrouten eingehängt sind, vor jeder Sammelroute.',
  wrongShape:
    'Für die Entwicklung: {request} antwortete mit JSON, das nicht von den Sitzungsrouten ist. src muss dorthin führen, mit derselben Version von session-revocation auf beiden Seiten.',
};
