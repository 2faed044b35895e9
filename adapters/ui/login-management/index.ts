// Entry point of the package and of the browser bundle. Without a DOM, importing it does nothing.
import { type CardEvents, defineElement, type LoginManagementElement } from './element.ts';

export type {
  CardEvent,
  CardEvents,
  LoginManagementElement,
  OthersSignedOut,
  PolicyChanged,
  SessionEnded,
  SessionFailed,
  SignedOut,
} from './element.ts';
export { type TextOverrides, texts } from './texts/texts.ts';
export type { Texts } from './texts/type.ts';

declare global {
  // These empty interfaces let the types compile without the DOM library.
  interface HTMLElement {}
  interface Event {}
  interface HTMLElementTagNameMap {
    'login-management': LoginManagementElement;
  }
  // Event map of elements, documents and windows.
  interface GlobalEventHandlersEventMap extends CardEvents {}
}

defineElement();
