// The page of a draft: everything saves itself, is made on request, and stays true while it is open.

import { startForecast } from "../studio/forecast.js";
import { startLength } from "../studio/length.js";
import { startMaking } from "../studio/making.js";
import { startPassages } from "../studio/passages.js";
import { startPicker } from "../studio/picker.js";
import { startPlayers } from "../studio/player.js";
import { startPresets } from "../studio/presets.js";
import { change, startSaving } from "../studio/saving.js";
import { startScenes } from "../studio/scenes.js";
import { startSliders } from "../studio/sliders.js";
import { startSteps } from "../studio/steps.js";
import { startUploads } from "../studio/uploads.js";
import { startWorks } from "../studio/works.js";

const TAKEN = {
  scenes: (asset) => ({ add: [asset.id] }),
  voiceover: (asset) => ({ voiceover: asset.id }),
  music: (asset) => ({ music: asset.id }),
  logo: (asset) => ({ settings: { logo: asset.id } }),
};

startSteps();
startSaving();
startMaking();
startForecast();
startLength();
startPassages();
startPicker();
startPlayers();
startPresets();
startScenes();
startSliders();
startUploads((where, asset) => change(TAKEN[where](asset)));
startWorks();
