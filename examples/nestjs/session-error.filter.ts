import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { isSessionError, type SessionError } from 'session-revocation';

/** Answers an error of the library with its status and headers. Leaves other errors to Nest. */
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
