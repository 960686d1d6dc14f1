// Entry of the dashboard: styles, then the application into its one element.
import 'uplot/dist/uPlot.min.css';
import './look.css';
import { mount } from 'svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element with id "app"');
mount(App, { target });
