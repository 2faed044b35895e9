/**
 * Declares the modules of frameworks that pages import and that are not installed here. They hold the parts that the
 * pages use, with the types that the frameworks give them.
 */
export const FOREIGN_MODULES = `
declare module 'next/headers' {
  export function headers(): Promise<Headers>;
}
declare module 'next/navigation' {
  export function redirect(path: string): never;
}
declare module 'next/server' {
  export class NextResponse extends Response {
    static next(): NextResponse;
  }
}
declare module 'react' {
  export function cache<F extends (...given: never[]) => unknown>(read: F): F;
}
declare module 'next-auth' {
  import type { JWT } from '@auth/core/jwt';
  export interface User { id?: string }
  interface AuthSession { user: { id: string }; expires: string }
  interface Config {
    session: { strategy: 'jwt' };
    providers: readonly object[];
    callbacks: {
      jwt(given: {
        token: JWT;
        user?: User;
        trigger?: 'signIn' | 'signUp' | 'update';
        session?: { signOutOthers?: unknown };
      }): Promise<JWT | null>;
      session(given: { session: AuthSession; token: JWT }): AuthSession;
    };
    events: { signOut(message: { session: object | null } | { token: JWT | null }): Promise<void> };
  }
  type Handler = (request: Request) => Promise<Response>;
  export default function NextAuth(config: Config): {
    handlers: { GET: Handler; POST: Handler };
    auth(): Promise<AuthSession | null>;
    signIn(): Promise<unknown>;
    signOut(): Promise<unknown>;
  };
}
declare module '@auth/core/jwt' {
  export interface JWT { sub?: string }
}
declare module 'next-auth/providers/credentials' {
  import type { User } from 'next-auth';
  export default function Credentials<Name extends string>(config: {
    credentials: Record<Name, object>;
    authorize(credentials: Partial<Record<Name, unknown>>): Promise<User | null>;
  }): object;
}
declare module 'better-auth' {
  interface Options {
    database: object;
    emailAndPassword: { enabled: boolean; onPasswordReset(data: { user: { id: string } }): Promise<void> };
    hooks: { before: object; after: object };
  }
  export function betterAuth(options: Options): object;
}
declare module 'better-auth/api' {
  interface Theirs { user: { id: string }; session: { id: string; createdAt: Date } }
  interface Context {
    path: string;
    context: { returned?: unknown; session: Theirs | null; newSession: Theirs | null };
  }
  export function createAuthMiddleware(handler: (ctx: Context) => Promise<unknown>): object;
  export function getSessionFromCtx(ctx: Context): Promise<Theirs | null>;
  export class APIError extends Error {
    constructor(status: string, body: { message: string });
  }
}
`;
