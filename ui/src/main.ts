// The app window's entry: kiosk, board or setup, whichever the station says this machine is.
import "./shared/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { chooseBackend } from "./backend/choose";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
const backend = await chooseBackend();
mount(App, { target, props: { backend, params: new URLSearchParams(location.search) } });
