from flask import Flask

from unlatch import Unlatch, current_account, sign_in_required

app = Flask(__name__)
Unlatch(app)


@app.get("/")
@sign_in_required
def home():
    return f"Hello {current_account.name}"
