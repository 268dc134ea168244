import { runApp } from './app.ts';
import { ENVIRONMENTS } from './environments/environments.ts';

runApp(ENVIRONMENTS);
