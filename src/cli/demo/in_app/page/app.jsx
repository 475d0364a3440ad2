// The page of `pinwheel demo --in-app`: the real Amplify libraries against a running server.
import { Amplify } from 'aws-amplify';
import {
  dispatchEvent,
  identifyUser,
  initializeInAppMessaging,
  onMessageActionTaken,
  onMessageDismissed,
  onMessageDisplayed,
  syncMessages,
} from 'aws-amplify/in-app-messaging';
import { Cache } from 'aws-amplify/utils';
import { InAppMessageDisplay, InAppMessagingProvider } from '@aws-amplify/ui-react-notifications';
import '@aws-amplify/ui-react/styles.css';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Carousel } from './carousel.jsx';
import { Keys } from './keys.js';
import { take } from './way.js';

// What an app has in its configuration: here the server writes it. The page's address may change the way and the region,
// which for the way `region` is this machine: a link from elsewhere is not to lead tokens there.
const given = await (await fetch('/config.json')).json();
const { api, appId, events, roleArn, users } = given;
const asked = new URLSearchParams(location.search);
const way = asked.get('way') ?? 'shim';
const askedRegion = asked.get('region') ?? '';
const region = /^([a-z0-9-]+|localhost(:\d+)?#)$/.test(askedRegion) ? askedRegion : given.region;

const keys = new Keys(take(way, region, api), roleArn);

Amplify.configure(
  { Notifications: { InAppMessaging: { Pinpoint: { appId, region } } } },
  { Auth: { credentialsProvider: keys.provider() } },
);
initializeInAppMessaging();

function App() {
  const [user, setUser] = useState(null);
  const [lines, setLines] = useState([]);
  const note = (text) => setLines((before) => [...before, { at: new Date().toLocaleTimeString('en-GB'), text }]);

  useEffect(() => {
    const named = ({ id }) => id.replace(/-[0-9a-f]{32}$/, '');
    const listeners = [
      onMessageDisplayed((message) => note(`displayed: ${named(message)}`)),
      onMessageDismissed((message) => note(`dismissed: ${named(message)}`)),
      onMessageActionTaken((message) => note(`button pressed: ${named(message)}`)),
    ];
    return () => listeners.forEach((listener) => listener.remove());
  }, []);

  async function attempt(what, run) {
    try {
      await run();
      note(`${what}: done`);
    } catch (error) {
      note(`${what}: refused, ${error.message}`);
    }
  }

  async function signIn(name) {
    await attempt(`sign in as ${name}`, async () => {
      // Somebody else's endpoint is not for us: a device that changes hands gets an endpoint of its own for each user.
      if (localStorage.getItem('demo:user') !== name) {
        await Cache.removeItem(`InAppMessaging:pinpoint:${appId}`);
        localStorage.setItem('demo:user', name);
      }
      const token = await fetch(`/token?user=${encodeURIComponent(name)}`);
      await keys.signIn(await token.text());
      await identifyUser({ userId: name, userProfile: { name, plan: 'demo' } });
    });
    await attempt('sync messages', syncMessages);
    setUser(name);
  }

  function dispatch(name) {
    note(`event: ${name}`);
    dispatchEvent({ name });
  }

  return (
    <main>
      <h1>In-app messages</h1>
      <p>
        Amplify in this page, Pinwheel behind it: application <code>{appId}</code>, reached by <code>{way}</code>.
      </p>
      <section>
        {users.map((name) => (
          <button key={name} disabled={user !== null} id={`user-${name}`} onClick={() => signIn(name)}>
            Sign in as {name}
          </button>
        ))}
        {user && <span id="user">signed in as {user}</span>}
      </section>
      <section>
        {events.map((name) => (
          <button key={name} disabled={user === null} id={`event-${name}`} onClick={() => dispatch(name)}>
            {name}
          </button>
        ))}
      </section>
      <ol id="log">
        {lines.map(({ at, text }, place) => (
          <li key={place}>
            <time>{at}</time> {text}
          </li>
        ))}
      </ol>
      <InAppMessageDisplay components={{ CarouselMessage: Carousel }} />
    </main>
  );
}

createRoot(document.getElementById('root')).render(
  <InAppMessagingProvider>
    <App />
  </InAppMessagingProvider>,
);
