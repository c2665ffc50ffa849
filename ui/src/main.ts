import { createApp } from 'vue'

import App from './app/App.vue'
import { connect } from './app/desk'
import { restoreDisplay } from './app/display'
import { listenToKeys } from './app/keyboard'
import './styles/base.css'

restoreDisplay()
listenToKeys(window)
createApp(App).mount('#app')
// Two frames later the window has painted; only then does the desk behind it begin its work.
requestAnimationFrame(() => requestAnimationFrame(() => void connect()))
