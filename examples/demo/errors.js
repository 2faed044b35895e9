// @ts-check
import { problem, Refusal, wantsPage } from './answers.js';
import { messagePage } from './pages/message.js';
import { STATUS_TEXTS } from './texts.js';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * @param {import('express').Request} _req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
export function securityHeaders(_req, res, next) {
  res.set({
    'Content-Security-Policy': POLICY,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
  next();
}

/**
 * @param {import('express').Request} _req
 * @param {import('express').Response} _res
 * @param {import('express').NextFunction} next
 */
export function notFound(_req, _res, next) {
  next(new Refusal(404, 'Not found', { detail: 'There is nothing here.' }));
}

/**
 * Errors of the library, of Express and of the demo have a `status`. Any other error is a bug and answers 500.
 *
 * @type {import('express').ErrorRequestHandler}
 */
export function answerError(error, req, res, next) {
  if (res.headersSent) {
    next(error);
    return;
  }
  const claimed = Number(error?.status);
  const status = claimed >= 400 && claimed < 600 ? claimed : 500;
  if (status >= 500) console.error(error);
  const [usual, text] = STATUS_TEXTS[status] ?? [status < 500 ? 'Bad request' : 'Something went wrong', ''];
  const title = error.title ?? usual;
  const detail = error.detail ?? text;
  // Errors of the library bring headers, such as the challenge of a 401.
  res.status(status).set(error?.headers ?? {});
  if (status === 503) res.set('Retry-After', '5');
  if (wantsPage(req)) res.send(messagePage({ title, detail }));
  else problem(res, status, title, detail === '' ? undefined : detail);
}
