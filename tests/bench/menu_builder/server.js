'use strict';
// The same conversation on ussd-menu-builder: behind express as its own guide shows it, its session hooks on Redis, and
// one SQL read for the number. Without masks, seals, audit, metrics or log lines, all of which the gateway has.
const cluster = require('node:cluster');
const express = require('express');
const { Pool } = require('pg');
const { createClient } = require('redis');
const UssdMenu = require('ussd-menu-builder');

const { PORT, PROCESSES, DATABASE_URL, REDIS_SOCKET } = process.env;
const SESSION_SECONDS = 600;
const BACK = '0';
const READ = {
  name: 'card',
  text: 'SELECT scheme, status, valid_to, given, family FROM plain_cards WHERE number = $1',
};

// The package keeps the request in the menu itself, so two requests at once need a menu each.
function menuFor(pool, redis) {
  const menu = new UssdMenu();
  const key = (id) => `menu:${id}`;
  menu.sessionConfig({
    start: (id) => redis.multi().hSetNX(key(id), 'step', 'home').expire(key(id), SESSION_SECONDS).exec(),
    get: (id, name) => redis.hGet(key(id), name),
    set: (id, name, value) => redis.hSet(key(id), name, value),
    end: (id) => redis.del(key(id)),
  });
  menu.startState({
    run: () => menu.con('Sante Mali\n1 Mes droits\n2 RAMED\n3 Mutuelle\n4 Soins gratuits\n5 M\'inscrire\n6 Plus'),
    next: { 4: 'free', '*^\\d{6,}$': 'card' },
  });
  menu.state('card', {
    run: async () => {
      const step = await menu.session.get('step');
      const number = menu.val === BACK ? step.split(':')[1] : menu.val;
      const { rows } = await pool.query({ ...READ, values: [number] });
      if (!rows.length) {
        menu.con(`${number} introuvable.\n1 Retaper`);
        return;
      }
      await menu.session.set('step', `card:${number}`);
      const [card] = rows;
      menu.con(`${card.scheme} ${card.status}\n${card.given} ${card.family}\nFin : ${card.valid_to}\n1 SMS\n0 Retour`);
    },
    next: { 0: '__start__', 98: 'languages' },
  });
  menu.state('languages', {
    run: () => menu.con('Langue\n1 Francais\n2 Bamanankan\n3 Fulfulde\n4 Songhay\n5 Tamasheq\n0 Retour'),
    next: { 0: 'card' },
  });
  menu.state('free', { run: () => menu.con('Pour qui ?\n1 Enfant\n2 Femme enceinte\n3 Autre'), next: { 1: 'free' } });
  return menu;
}

async function serve() {
  const pool = new Pool({ connectionString: DATABASE_URL, max: 8 });
  const redis = createClient({ socket: { path: REDIS_SOCKET } });
  await redis.connect();
  const app = express();
  app.disable('x-powered-by');
  app.use(express.urlencoded({ extended: false }));
  app.post('/ussd', async (request, response) => {
    const answer = await menuFor(pool, redis).run(request.body);
    response.type('text/plain').send(answer);
  });
  app.listen(Number(PORT), '127.0.0.1');
}

if (cluster.isPrimary) {
  for (let started = 0; started < Number(PROCESSES); started += 1) cluster.fork();
} else {
  serve();
}
