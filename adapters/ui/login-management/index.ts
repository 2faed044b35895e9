// The entry, and what an app serves as one file. Importing it registers the element; without a DOM it does nothing.
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
export { type TextOverrides, type Texts, texts } from './texts.ts';

declare global {
  // Empty where the program has no DOM library, else merged with its own: the types can be used with and without.
  interface HTMLElement {}
  interface Event {}
  interface HTMLElementTagNameMap {
    'login-management': LoginManagementElement;
  }
  // Of elements, documents and windows.
  interface GlobalEventHandlersEventMap extends CardEvents {}
}

defineElement();
