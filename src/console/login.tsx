import { type FormEvent, useState } from 'react';
import { asProblem } from './graph/problem.ts';
import type { Session } from './graph/session.ts';
import { Logo } from './parts/logo.tsx';

/** Asks for a token. The page that was asked for comes when the server has taken it. */
export function Login({ session }: { session: Session }) {
  const [message, setMessage] = useState('');
  const [isTrying, setTrying] = useState(false);
  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setTrying(true);
    setMessage('');
    try {
      const token = String(fields.get('token')).trim();
      await session.enter(token, { remember: fields.has('remember') });
    } catch (error) {
      setMessage(asProblem(error).message);
      setTrying(false);
    }
  };
  return (
    <main className="login">
      <form className="card" onSubmit={enter}>
        <h1>
          <Logo />
          Trainyard
        </h1>
        <p>This server asks for a token. Whoever runs it has set one in TRAINYARD_TOKENS.</p>
        <label className="field">
          Token
          {/* biome-ignore lint/a11y/noAutofocus: there is nothing else on this page */}
          <input name="token" type="password" autoComplete="off" required autoFocus />
        </label>
        <label className="check">
          <input name="remember" type="checkbox" />
          Remember it in this browser
        </label>
        <button type="submit" className="primary" disabled={isTrying}>
          Log in
        </button>
        <p role="alert" className="wrong">
          {message}
        </p>
      </form>
    </main>
  );
}
