import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { isSessionError, type SessionError } from 'session-revocation';

/** An error of the library has the status to answer with, and the headers. Whatever else there is, is Nest's. */
@Catch()
export class SessionErrorFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    super.catch(isSessionError(error) ? answerTo(error, host) : error, host);
  }
}

function answerTo({ code, status, headers }: SessionError, host: ArgumentsHost): HttpException {
  const response = host.switchToHttp().getResponse<{ header(name: string, value: string): unknown }>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  return new HttpException(code, status);
}
